use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::address::{Address, Digest, Kind};
use super::code::Code;
#[cfg(feature = "runner")]
use super::code::SinkComponent;
use super::compiler::NotCompiled;
use super::given::{Authentic, SealedFile};
use super::key::ArtifactKey;
use super::sealed::{Header, Lengths};
use super::{Artifacts, Origin, Precompiled, Refusal, here, outside};
use crate::sandbox::{EngineSettings, Inspection, LoadError, one_line, printable};

/// Makes code for engines of the same settings.
pub(crate) struct EngineArtifacts {
    artifacts: Artifacts,
    engines: Arc<[Engine]>,
    settings: EngineSettings,
    digest: Digest,
}

/// A component that cannot be compiled with the sink.
#[cfg(feature = "runner")]
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// It cannot be composed; without the sink it may well be compiled.
    #[error("cannot be composed with the sink: {reason}")]
    NotComposed { reason: String },
    /// It was composed, and then it could not be compiled.
    #[error(transparent)]
    Load(#[from] LoadError),
}

#[cfg(feature = "runner")]
impl SinkError {
    /// Why the component is to be compiled without the sink. What was too much once is
    /// not tried again.
    pub(crate) fn without_the_sink(self) -> Result<String, LoadError> {
        match self {
            Self::Load(error @ (LoadError::CompileLimit { .. } | LoadError::Compiler { .. })) => {
                Err(error)
            }
            error => Ok(error.to_string()),
        }
    }
}

/// Something that was loaded, and where its code has come from.
pub(crate) struct Loaded<T> {
    pub(crate) component: T,
    pub(crate) origin: Origin,
}

/// Code from a file, which is authentic and for this engine.
pub(crate) struct Unsealed<'a> {
    engines: Arc<[Engine]>,
    code: Code<'a>,
    kind: Kind,
    inspection: Inspection,
}

/// A precompiled file that is not loaded as such.
pub(crate) enum NotUsed {
    /// Its component can be compiled instead.
    Refused(Refusal),
    /// Its component would not be loaded either.
    Wrong(LoadError),
}

impl From<Refusal> for NotUsed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LoadError> for NotUsed {
    fn from(error: LoadError) -> Self {
        Self::Wrong(error)
    }
}

impl EngineArtifacts {
    /// What does not fit the first of the engines is loaded on the next.
    pub(crate) fn new(
        artifacts: Artifacts,
        settings: EngineSettings,
        engines: Vec<Engine>,
    ) -> Self {
        let digest = engines.first().map_or(Digest::NONE, Digest::of_engine);
        Self {
            artifacts,
            engines: engines.into(),
            settings,
            digest,
        }
    }

    /// Code of a component as it is.
    pub(crate) fn plain(&self, name: &str, bytes: &[u8]) -> Result<Loaded<Component>, LoadError> {
        self.loaded(name, Kind::Plain, bytes, |code, engine| code.plain(engine))
            .map_err(|not| load_error(name, not))
    }

    /// Code of a guest that is composed with the sink.
    #[cfg(feature = "runner")]
    pub(crate) fn with_sink(
        &self,
        name: &str,
        bytes: &[u8],
    ) -> Result<Loaded<SinkComponent>, SinkError> {
        self.loaded(name, Kind::WithSink, bytes, |code, engine| {
            code.sink(engine)
        })
        .map_err(|not| sink_error(name, not))
    }

    fn loaded<T>(
        &self,
        name: &str,
        kind: Kind,
        bytes: &[u8],
        load: impl Fn(&Code<'static>, &Engine) -> wasmtime::Result<T>,
    ) -> Result<Loaded<T>, NotCompiled> {
        let (mut code, mut origin) = self.code(name, kind, bytes)?;
        let mut component = on_any(&self.engines, |engine| load(&code, engine));
        if let (Err(_), Origin::Cached, Some(cache)) = (&component, origin, &self.artifacts.cache) {
            cache.reject(&self.address(kind, bytes).0, Refusal::NotLoaded);
            (code, origin) = self.code(name, kind, bytes)?;
            component = on_any(&self.engines, |engine| load(&code, engine));
        }
        let component = component.map_err(|error| NotCompiled::Refused(one_line(&error)))?;
        Ok(Loaded { component, origin })
    }

    /// From the cache, or compiled and put there.
    fn code(
        &self,
        name: &str,
        kind: Kind,
        bytes: &[u8],
    ) -> Result<(Code<'static>, Origin), NotCompiled> {
        let Some(cache) = &self.artifacts.cache else {
            return Ok((self.compiled(name, kind, bytes)?, Origin::Compiled));
        };
        let (address, component) = self.address(kind, bytes);
        let turn = cache.turn(address);
        let _held = turn.lock();
        if let Some(code) = cache.get(&address) {
            // It is authentic, and of this name.
            return Ok((Code::known(code, kind), Origin::Cached));
        }
        let code = self.compiled(name, kind, bytes)?;
        cache.put(&address, kind, component, code.bytes());
        Ok((code, Origin::Compiled))
    }

    fn engine(&self) -> Result<&Engine, NotCompiled> {
        let none = || NotCompiled::Refused("there is no engine".to_owned());
        self.engines.first().ok_or_else(none)
    }

    fn address(&self, kind: Kind, bytes: &[u8]) -> (Address, Digest) {
        let component = Digest::of_component(bytes);
        (Address::new(self.digest, kind, component), component)
    }

    fn compiled(&self, name: &str, kind: Kind, bytes: &[u8]) -> Result<Code<'static>, NotCompiled> {
        tracing::debug!(component = name, kind = kind.as_label(), "compiling");
        match &self.artifacts.compiler {
            None => here::compile(self.engine()?, kind, bytes),
            Some(process) => {
                let code = process.compile(kind, self.settings, self.digest, bytes)?;
                // A process has answered it that this one has started.
                Ok(Code::known(code, kind))
            }
        }
    }

    /// The code in a file, if it can be used here.
    pub(crate) fn unsealed<'a>(&self, file: &mut SealedFile<'a>) -> Result<Unsealed<'a>, Refusal> {
        let Authentic {
            header,
            code,
            inspection,
        } = file.authentic(self.artifacts.file_key())?;
        let Header {
            kind, component, ..
        } = header;
        if header.address != Address::new(self.digest, kind, component) {
            return Err(Refusal::OtherHost);
        }
        Ok(Unsealed {
            engines: Arc::clone(&self.engines),
            // It is authentic, and of the name that it would be given here.
            code: Code::known(code, kind),
            kind,
            inspection,
        })
    }

    /// The bytes of a file with this component and its code, which a key has sealed.
    fn sealed(
        &self,
        name: &str,
        kind: Kind,
        inspection: &Inspection,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<Precompiled, NotCompiled> {
        let (code, origin) = self.code(name, kind, bytes)?;
        let (address, component) = self.address(kind, bytes);
        let outside = outside::written(inspection);
        let header = Header {
            kind,
            address,
            component,
            lengths: Lengths {
                code: code.bytes().len() as u64,
                outside: outside.len() as u64,
                component: bytes.len() as u64,
            },
        };
        let seal = header.seal(key, code.bytes(), &outside);
        Ok(Precompiled {
            bytes: [&seal, code.bytes(), &outside, bytes].concat(),
            origin,
        })
    }

    /// A file with a component's code as it is.
    pub(crate) fn sealed_plain(
        &self,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<Precompiled, LoadError> {
        self.sealed(name, Kind::Plain, inspection, bytes, key)
            .map_err(|not| load_error(name, not))
    }

    /// A file with the code of a guest that is composed with the sink.
    #[cfg(feature = "runner")]
    pub(crate) fn sealed_with_sink(
        &self,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<Precompiled, SinkError> {
        self.sealed(name, Kind::WithSink, inspection, bytes, key)
            .map_err(|not| sink_error(name, not))
    }
}

impl Unsealed<'_> {
    pub(crate) fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn plain(&self) -> Result<Component, Refusal> {
        let plain = on_any(&self.engines, |engine| self.code.plain(engine));
        plain.map_err(|_| Refusal::NotLoaded)
    }

    #[cfg(feature = "runner")]
    pub(crate) fn sink(&self) -> Result<SinkComponent, Refusal> {
        let sink = on_any(&self.engines, |engine| self.code.sink(engine));
        sink.map_err(|_| Refusal::NotLoaded)
    }
}

/// On the first engine that takes it.
fn on_any<T>(
    engines: &[Engine],
    load: impl Fn(&Engine) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    let mut last = Err(wasmtime::format_err!("there is no engine"));
    for engine in engines {
        last = load(engine);
        if last.is_ok() {
            break;
        }
    }
    last
}

#[cfg(feature = "runner")]
fn sink_error(name: &str, not: NotCompiled) -> SinkError {
    match not {
        NotCompiled::NotComposed(reason) => SinkError::NotComposed { reason },
        not => load_error(name, not).into(),
    }
}

fn load_error(name: &str, not: NotCompiled) -> LoadError {
    let name = printable(name);
    match not {
        NotCompiled::NotComposed(reason) | NotCompiled::Refused(reason) => {
            LoadError::Compile { name, reason }
        }
        NotCompiled::Limit(limit) => LoadError::CompileLimit { name, limit },
        NotCompiled::Process(reason) => LoadError::Compiler { name, reason },
    }
}
