//! Code for the engines of a host: cached, precompiled or new.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::address::{Address, CodeKind, Digest};
use super::cache::{CachedCode, CodeAccess};
use super::code_input::CodeInput;
use super::compiler::NotCompiled;
use super::engines::Engines;
use super::found_code::{FoundCode, NotUsed};
use super::key::ArtifactKey;
use super::sealed::{Header, PartLengths};
use super::sealed_file::{Authentic, SealedFile};
use super::{Artifacts, Origin, Precompiled, Refusal, here, outside};
use crate::code::Code;
#[cfg(feature = "runner")]
use crate::code::ShimComponent;
use crate::component::{Inspection, LoadError};
use crate::engine::EngineSettings;
use crate::text::printable;

/// Makes code for engines of the same settings.
pub(crate) struct EngineArtifacts {
    artifacts: Artifacts,
    engines: Engines,
    settings: EngineSettings,
    digest: Digest,
}

/// A component that was inspected, and is to be compiled.
#[derive(Clone, Copy)]
pub(crate) struct Inspected<'a> {
    pub(crate) name: &'a str,
    pub(crate) inspection: &'a Inspection,
    pub(crate) bytes: &'a [u8],
}

/// A loaded component, and the origin of its code.
pub(crate) struct LoadedCode<T> {
    pub(crate) component: T,
    pub(crate) origin: Origin,
}

/// Code that need not be compiled: it is authentic, and for this engine.
pub(crate) struct ReadyCode<'a> {
    engines: Engines,
    code: Code<'a>,
    pub(crate) kind: CodeKind,
    pub(crate) inspection: Inspection,
    pub(crate) origin: Origin,
}

/// A component that cannot be compiled with the shim.
#[cfg(feature = "runner")]
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShimError {
    /// The component cannot be composed; without the shim it may compile.
    #[error("cannot be composed with the shim: {reason}")]
    NotComposed { reason: String },
    /// The composed component could not be compiled.
    #[error(transparent)]
    Load(#[from] LoadError),
}

#[cfg(feature = "runner")]
impl ShimError {
    /// Reason to compile the component without the shim. A compilation that exceeded a limit is not
    /// tried again, nor is a failure that has nothing to do with the shim.
    pub(crate) fn without_the_shim(self) -> Result<String, LoadError> {
        match self {
            Self::Load(
                error @ (LoadError::CompileLimit { .. }
                | LoadError::ProcessLimit { .. }
                | LoadError::Proposals { .. }
                | LoadError::FixedLimit { .. }
                | LoadError::Compiler { .. }),
            ) => Err(error),
            error => Ok(error.to_string()),
        }
    }
}

impl EngineArtifacts {
    /// Code that does not fit the first engine is loaded on the next.
    pub(crate) fn new(
        artifacts: Artifacts,
        settings: EngineSettings,
        engines: Vec<Engine>,
    ) -> Self {
        let digest = engines.first().map_or(Digest::NONE, Digest::of_engine);
        Self {
            artifacts,
            engines: Engines::new(engines),
            settings,
            digest,
        }
    }

    /// Code of a component without the shim.
    pub(crate) fn plain(&self, it: Inspected<'_>) -> Result<LoadedCode<Component>, LoadError> {
        self.loaded(CodeKind::Plain, it, Code::plain)
            .map_err(|not| load_error(it.name, not))
    }

    /// Code of a guest that is composed with the shim.
    #[cfg(feature = "runner")]
    pub(crate) fn with_shim(
        &self,
        it: Inspected<'_>,
    ) -> Result<LoadedCode<ShimComponent>, ShimError> {
        self.loaded(CodeKind::WithShim, it, Code::shim)
            .map_err(|not| shim_error(it.name, not))
    }

    fn loaded<T>(
        &self,
        kind: CodeKind,
        it: Inspected<'_>,
        load: fn(&Code<'static>, &Engine) -> wasmtime::Result<T>,
    ) -> Result<LoadedCode<T>, NotCompiled> {
        let (mut code, mut origin) = self.code(kind, it, CodeAccess::Mapped)?;
        let mut component = self.engines.on_any(|engine| load(&code, engine));
        if let (Err(_), Origin::Cached, Some(cache)) = (&component, origin, &self.artifacts.cache) {
            let address = self.address(kind, Digest::of_component(it.bytes));
            cache.reject(&address, Refusal::NotLoaded);
            (code, origin) = self.code(kind, it, CodeAccess::Mapped)?;
            component = self.engines.on_any(|engine| load(&code, engine));
        }
        let component = component.map_err(|error| NotCompiled::of(&error))?;
        Ok(LoadedCode { component, origin })
    }

    /// Code from the cache, or new code that is stored in the cache.
    fn code(
        &self,
        kind: CodeKind,
        it: Inspected<'_>,
        way: CodeAccess,
    ) -> Result<(Code<'static>, Origin), NotCompiled> {
        let Some(cache) = &self.artifacts.cache else {
            return Ok((self.compiled(kind, it)?, Origin::Compiled));
        };
        let component = Digest::of_component(it.bytes);
        let address = self.address(kind, component);
        let turn = cache.turn(address);
        let _held = turn.lock();
        if let Some(CachedCode { code, .. }) = cache.get(&address, way) {
            return Ok((code, Origin::Cached));
        }
        let code = self.compiled(kind, it)?;
        if let Some(bytes) = code.bytes() {
            cache.put(&address, kind, component, it.inspection, bytes);
        }
        Ok((code, Origin::Compiled))
    }

    fn engine(&self) -> Result<&Engine, NotCompiled> {
        let none = || NotCompiled::Refused("no engine is configured".to_owned());
        self.engines.first().ok_or_else(none)
    }

    fn compiled(&self, kind: CodeKind, it: Inspected<'_>) -> Result<Code<'static>, NotCompiled> {
        tracing::debug!(component = it.name, kind = kind.as_label(), "compiling");
        let counts = &self.artifacts.compilations;
        counts.counting(|| match &self.artifacts.compiler {
            None => here::compile(self.engine()?, kind, it.bytes),
            Some(process) => {
                let code = process.compile(kind, self.settings, self.digest, it.bytes)?;
                // The answer of a process that this process started.
                Ok(Code::known(code, kind))
            }
        })
    }

    /// Key that authenticates the code in files.
    pub(crate) fn file_key(&self) -> Option<&ArtifactKey> {
        self.artifacts.file_key()
    }

    fn address(&self, kind: CodeKind, component: Digest) -> Address {
        Address::new(self.digest, kind, component)
    }

    /// Loads code without compiling: the code in a precompiled file, or the cached code of a file's
    /// component. `engine` returns the engine of the code in a file, from the inspection of its
    /// component.
    pub(crate) fn ready<'a, 's, T>(
        &'s self,
        name: &str,
        given: &mut CodeInput<'a>,
        engine: impl FnOnce(&Inspection) -> Result<&'s Self, Refusal>,
        cached: impl FnOnce(Digest) -> Option<ReadyCode<'static>>,
        load: impl FnOnce(&ReadyCode<'_>) -> Result<T, NotUsed>,
    ) -> Result<FoundCode<T>, LoadError> {
        let found = match given {
            CodeInput::Component(_) => Ok(None),
            CodeInput::Sealed(file) => {
                let code = self.unsealed(file, engine).map_err(NotUsed::from);
                let loaded = code.and_then(|code| load(&code));
                loaded.inspect_err(|not| not.warn(name)).map(Some)
            }
            CodeInput::File(file) => {
                let digest = self.artifacts.cache.as_ref();
                let digest = digest.and_then(|_| file.digest().ok());
                match digest.and_then(cached).map(|code| load(&code)) {
                    // The entry is looked up again later, and the reason is reported then.
                    None | Some(Err(NotUsed::Refused(_))) => Ok(None),
                    Some(loaded) => loaded.map(Some),
                }
            }
        };
        match found {
            Ok(Some(loaded)) => Ok(FoundCode::Loaded(loaded)),
            Ok(None) => Ok(FoundCode::Nothing(None)),
            Err(NotUsed::Refused(refusal)) => Ok(FoundCode::Nothing(Some(refusal))),
            Err(NotUsed::Wrong(error)) => Err(error),
        }
    }

    /// Cached code of a component.
    pub(crate) fn cached(&self, kind: CodeKind, component: Digest) -> Option<ReadyCode<'static>> {
        let cache = self.artifacts.cache.as_ref()?;
        let CachedCode { code, inspection } =
            cache.look(&self.address(kind, component), CodeAccess::Mapped)?;
        Some(ReadyCode {
            engines: self.engines.clone(),
            code,
            kind,
            inspection,
            origin: Origin::Cached,
        })
    }

    /// Code in a precompiled file.
    fn unsealed<'a, 's>(
        &'s self,
        file: &mut SealedFile<'a>,
        engine: impl FnOnce(&Inspection) -> Result<&'s Self, Refusal>,
    ) -> Result<ReadyCode<'a>, Refusal> {
        let Authentic {
            header,
            code,
            inspection,
        } = file.authentic(self.artifacts.file_key())?;
        let kind = header.kind;
        let of_engine = engine(&inspection)?;
        if header.address != of_engine.address(kind, header.component) {
            return Err(Refusal::OtherHost);
        }
        Ok(ReadyCode {
            engines: of_engine.engines.clone(),
            // The code is authentic, and has the name that this engine would give it.
            code: Code::known(code, kind),
            kind,
            inspection,
            origin: Origin::Precompiled,
        })
    }

    /// A file with the code of a component without the shim.
    pub(crate) fn sealed_plain(
        &self,
        it: Inspected<'_>,
        key: &ArtifactKey,
    ) -> Result<Precompiled, LoadError> {
        self.sealed(CodeKind::Plain, it, key)
            .map_err(|not| load_error(it.name, not))
    }

    /// A file with the code of a guest that is composed with the shim.
    #[cfg(feature = "runner")]
    pub(crate) fn sealed_with_shim(
        &self,
        it: Inspected<'_>,
        key: &ArtifactKey,
    ) -> Result<Precompiled, ShimError> {
        self.sealed(CodeKind::WithShim, it, key)
            .map_err(|not| shim_error(it.name, not))
    }

    fn sealed(
        &self,
        kind: CodeKind,
        it: Inspected<'_>,
        key: &ArtifactKey,
    ) -> Result<Precompiled, NotCompiled> {
        let (code, origin) = self.code(kind, it, CodeAccess::Copied)?;
        let in_file = || NotCompiled::Process("the code is not in memory".to_owned());
        let code = code.bytes().ok_or_else(in_file)?;
        let outside = outside::written(it.inspection);
        let component = Digest::of_component(it.bytes);
        let header = Header {
            kind,
            address: self.address(kind, component),
            component,
            lengths: PartLengths {
                code: code.len() as u64,
                outside: outside.len() as u64,
                component: it.bytes.len() as u64,
            },
        };
        let seal = header.seal(key, code, &outside);
        Ok(Precompiled {
            bytes: [&seal, code, &outside, it.bytes].concat(),
            origin,
        })
    }
}

impl ReadyCode<'_> {
    pub(crate) fn plain(&self) -> Result<Component, Refusal> {
        let plain = self.engines.on_any(|engine| self.code.plain(engine));
        plain.map_err(|_| Refusal::NotLoaded)
    }

    #[cfg(feature = "runner")]
    pub(crate) fn shim(&self) -> Result<ShimComponent, Refusal> {
        let shim = self.engines.on_any(|engine| self.code.shim(engine));
        shim.map_err(|_| Refusal::NotLoaded)
    }
}

#[cfg(feature = "runner")]
fn shim_error(name: &str, not: NotCompiled) -> ShimError {
    match not {
        NotCompiled::NotComposed(reason) => ShimError::NotComposed { reason },
        not => load_error(name, not).into(),
    }
}

fn load_error(name: &str, not: NotCompiled) -> LoadError {
    let name = printable(name);
    match not {
        NotCompiled::NotComposed(reason) | NotCompiled::Refused(reason) => {
            LoadError::Compile { name, reason }
        }
        NotCompiled::FixedLimit(what) => LoadError::FixedLimit { name, what },
        NotCompiled::Proposals(proposals) => LoadError::Proposals { name, proposals },
        NotCompiled::Limit(limit) => LoadError::CompileLimit { name, limit },
        NotCompiled::ProcessLimit(limit) => LoadError::ProcessLimit { name, limit },
        NotCompiled::Process(reason) => LoadError::Compiler { name, reason },
    }
}

#[cfg(test)]
mod tests;
