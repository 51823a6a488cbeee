//! Loaded programs, and their loader.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre};

use super::entry::Entry;
use super::machine::Machine;
use super::state::TaskData;
use super::{Path, RecordingMode};
use crate::artifact::{
    ArtifactKey, Digest, EngineArtifacts, Found, Given, Inspected, Kind, Loaded, NotUsed, Origin,
    Precompiled, Ready, Refusal, ShimComponent, ShimError,
};
use crate::component::{Inspection, LoadError, Role};
use crate::process::ProcessLimit;
use crate::text::{one_line, printable};

/// A loaded component: checked, compiled, linked, and ready to run any number of times. Clones
/// share the code.
#[derive(Clone)]
pub struct Program {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    path: Arc<Path>,
    origin: Origin,
    refusal: Option<Refusal>,
    pub(super) entry: Entry,
}

/// Loads programs with the settings of one runner.
pub(super) struct Loader<'a> {
    pub(super) machine: &'a Machine,
    pub(super) path: RecordingMode,
    /// Whether a component may need component-model async.
    pub(super) asynchronous: bool,
}

/// A program's linked code, and its recording mode.
struct Linked {
    path: Path,
    origin: Origin,
    entry: Entry,
}

impl Loader<'_> {
    pub(super) fn load(&self, name: &str, mut given: Given<'_>) -> Result<Program, LoadError> {
        let ready = self.machine.artifacts.ready(
            name,
            &mut given,
            |outside| {
                self.artifacts(name, outside)
                    .map_err(|_| Refusal::NotLoaded)
            },
            |component| self.kept(component),
            |code| self.of_code(name, code),
        );
        let refusal = match ready? {
            Found::Loaded(program) => return Ok(program),
            Found::Nothing(refusal) => refusal,
        };
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let linked = self.compiled(Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        })?;
        Ok(Program::new(name, inspection, linked, refusal))
    }

    /// Code for the engine that the component needs.
    fn artifacts(&self, name: &str, it: &Inspection) -> Result<&EngineArtifacts, LoadError> {
        let Some(needs) = &it.needs_async else {
            return Ok(&self.machine.artifacts);
        };
        if !self.asynchronous {
            return Err(LoadError::AsyncRefused {
                name: printable(name),
                needs: needs.clone(),
            });
        }
        let no_engine = |error: wasmtime::Error| match ProcessLimit::behind(&error) {
            Some(limit) => LoadError::ProcessLimit {
                name: printable(name),
                limit,
            },
            None => LoadError::NoEngine {
                name: printable(name),
                needs: needs.clone(),
                reason: one_line(&error),
            },
        };
        self.machine.asynchronous().map_err(no_engine)
    }

    /// Cached code of a component, for the requested recording mode. The cache holds no reason for
    /// code in another mode. The cache also does not tell which components need component-model
    /// async: those are inspected first.
    fn kept(&self, component: Digest) -> Option<Ready<'static>> {
        let kept = |kind| self.machine.artifacts.kept(kind, component);
        match self.path {
            RecordingMode::Direct => kept(Kind::Plain),
            RecordingMode::Inline => kept(Kind::WithShim).or_else(|| {
                let records = |code: &Ready<'_>| code.inspection.role() != Role::None;
                kept(Kind::Plain).filter(|code| !records(code))
            }),
        }
    }

    fn of_code(&self, name: &str, code: &Ready<'_>) -> Result<Program, NotUsed> {
        let inspection = &code.inspection;
        inspection.runnable(name)?;
        let (path, entry) = match (code.kind, self.path) {
            (Kind::WithShim, RecordingMode::Direct) => return Err(Refusal::OtherUse.into()),
            (Kind::WithShim, RecordingMode::Inline) => (
                Path::Inline,
                self.with_shim(name, inspection, &code.shim()?)?,
            ),
            (Kind::Plain, path) => {
                let entry = self.plain(name, inspection, &code.plain()?)?;
                let asked = path == RecordingMode::Inline;
                let reason =
                    asked.then(|| "the component was precompiled for the direct mode".to_owned());
                (direct(inspection, reason), entry)
            }
        };
        let linked = Linked {
            path,
            origin: code.origin,
            entry,
        };
        Ok(Program::new(name, inspection.clone(), linked, None))
    }

    /// Compiles a component in the requested recording mode, if the component supports it.
    fn compiled(&self, it: Inspected<'_>) -> Result<Linked, LoadError> {
        let mut reason = None;
        if self.path == RecordingMode::Inline && it.inspection.role() != Role::None {
            match self.inline(it) {
                Ok(linked) => return Ok(linked),
                Err(error) => reason = Some(on_the_direct_path(it.name, error)?),
            }
        }
        let artifacts = self.artifacts(it.name, it.inspection)?;
        let Loaded { component, origin } = artifacts.plain(it)?;
        Ok(Linked {
            path: direct(it.inspection, reason),
            origin,
            entry: self.plain(it.name, it.inspection, &component)?,
        })
    }

    fn inline(&self, it: Inspected<'_>) -> Result<Linked, ShimError> {
        let artifacts = self.artifacts(it.name, it.inspection)?;
        let Loaded { component, origin } = artifacts.with_shim(it)?;
        Ok(Linked {
            path: Path::Inline,
            origin,
            entry: self.with_shim(it.name, it.inspection, &component)?,
        })
    }

    fn plain(
        &self,
        name: &str,
        inspection: &Inspection,
        component: &Component,
    ) -> Result<Entry, LoadError> {
        let linker = self.machine.linker(component.engine());
        let linked = linker.map(|linker| linker.instantiate_pre(component));
        ready(name, inspection, linked)
    }

    fn with_shim(
        &self,
        name: &str,
        inspection: &Inspection,
        component: &ShimComponent,
    ) -> Result<Entry, LoadError> {
        let linker = self.machine.linker(component.engine());
        let linked = linker.map(|linker| component.instantiate_pre(linker));
        ready(name, inspection, linked)
    }

    /// Makes a file with a program's code, in the requested recording mode if the component
    /// supports it.
    pub(super) fn precompile(
        &self,
        name: &str,
        given: Given<'_>,
        key: &ArtifactKey,
    ) -> Result<(Precompiled, Path), LoadError> {
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let it = Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        };
        let artifacts = self.artifacts(name, &inspection)?;
        let mut reason = None;
        if self.path == RecordingMode::Inline && inspection.role() != Role::None {
            match artifacts.sealed_with_shim(it, key) {
                Ok(file) => return Ok((file, Path::Inline)),
                Err(error) => reason = Some(on_the_direct_path(name, error)?),
            }
        }
        let file = artifacts.sealed_plain(it, key)?;
        Ok((file, direct(&inspection, reason)))
    }
}

/// Reason why a component uses the direct mode, or the error if it cannot be loaded in any mode.
fn on_the_direct_path(name: &str, error: ShimError) -> Result<String, LoadError> {
    let reason = error.without_the_shim()?;
    tracing::warn!(
        component = name,
        reason,
        "the recording mode is direct instead of inline"
    );
    Ok(reason)
}

fn direct(inspection: &Inspection, reason: Option<String>) -> Path {
    match inspection.role() {
        Role::None => Path::Nothing,
        _ => Path::Direct { reason },
    }
}

fn ready(
    name: &str,
    inspection: &Inspection,
    linked: Option<wasmtime::Result<InstancePre<TaskData>>>,
) -> Result<Entry, LoadError> {
    let none = || {
        Err(wasmtime::format_err!(
            "the component was loaded on another engine"
        ))
    };
    linked
        .unwrap_or_else(none)
        .and_then(|linked| Entry::new(linked, inspection))
        .map_err(|error| LoadError::Link {
            name: printable(name),
            reason: one_line(&error),
        })
}

impl Program {
    fn new(name: &str, inspection: Inspection, linked: Linked, refusal: Option<Refusal>) -> Self {
        let Linked {
            path,
            origin,
            entry,
        } = linked;
        Self {
            name: name.into(),
            inspection: Arc::new(inspection),
            path: Arc::new(path),
            origin,
            refusal,
            entry,
        }
    }

    /// Name under which the program was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Imports, exports and role of the component.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Maximum bytes that the host allocates for the data of a program's instances, and of the
    /// shim's if its records are inlined.
    pub(super) fn instance_data(&self) -> u64 {
        let shim = match *self.path {
            Path::Inline => crate::inline::INSTANCE_DATA,
            _ => 0,
        };
        self.inspection.instance_data.saturating_add(shim)
    }

    /// Recording mode of the program, with the reason.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Origin of the program's code.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Reason why the code in a precompiled file was not used.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("name", &self.name)
            .field("path", &self.path)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
