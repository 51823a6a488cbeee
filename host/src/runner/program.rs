use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::machine::Machine;
use super::state::TaskData;
use super::{Path, RecordPath};
use crate::artifact::{
    ArtifactKey, EngineArtifacts, Given, Kind, Loaded, NotUsed, Origin, Precompiled, Refusal,
    SealedFile, SinkComponent, SinkError,
};
use crate::sandbox::{Inspection, LoadError, Role, one_line, printable};

/// A component that is loaded: checked, compiled and linked, ready to be run
/// any number of times. Clones share it.
#[derive(Clone)]
pub struct Program {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    path: Arc<Path>,
    origin: Origin,
    refusal: Option<Refusal>,
    pub(super) command: CommandPre<TaskData>,
}

/// Loads programs in one way.
pub(super) struct Loader<'a> {
    pub(super) machine: &'a Machine,
    pub(super) artifacts: &'a EngineArtifacts,
    pub(super) path: RecordPath,
}

/// A program's code, linked, and how its records travel.
struct Linked {
    path: Path,
    origin: Origin,
    command: CommandPre<TaskData>,
}

impl Loader<'_> {
    pub(super) fn load(&self, name: &str, given: Given<'_>) -> Result<Program, LoadError> {
        let (component, refusal) = match given {
            Given::Component(component) => (component, None),
            Given::Sealed(mut file) => match self.unsealed(name, &mut file) {
                Ok(program) => return Ok(program),
                Err(NotUsed::Wrong(error)) => return Err(error),
                Err(NotUsed::Refused(refusal)) => (file.component(refusal)?, Some(refusal)),
            },
        };
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let linked = self.compiled(name, &inspection, &component)?;
        Ok(Program::new(name, inspection, linked, refusal))
    }

    /// With the code that is in its file.
    fn unsealed(&self, name: &str, file: &mut SealedFile<'_>) -> Result<Program, NotUsed> {
        let code = self.artifacts.unsealed(file)?;
        let inspection = code.inspection();
        inspection.runnable(name)?;
        let (path, command) = match (code.kind(), self.path) {
            (Kind::WithSink, RecordPath::Direct) => return Err(Refusal::OtherUse.into()),
            (Kind::WithSink, RecordPath::Inline) => {
                (Path::Inline, self.with_sink(name, &code.sink()?)?)
            }
            (Kind::Plain, path) => {
                let command = self.plain(name, &code.plain()?)?;
                let asked = path == RecordPath::Inline;
                let reason = asked.then(|| "it was precompiled for that path".to_owned());
                (direct(inspection, reason), command)
            }
        };
        let linked = Linked {
            path,
            origin: Origin::Precompiled,
            command,
        };
        Ok(Program::new(name, inspection.clone(), linked, None))
    }

    /// By the path that was asked for, if the component can take it.
    fn compiled(
        &self,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
    ) -> Result<Linked, LoadError> {
        let mut reason = None;
        if self.path == RecordPath::Inline && inspection.role() != Role::None {
            match self.inline(name, bytes) {
                Ok(linked) => return Ok(linked),
                Err(error) => reason = Some(on_the_direct_path(name, error)?),
            }
        }
        let Loaded { component, origin } = self.artifacts.plain(name, bytes)?;
        Ok(Linked {
            path: direct(inspection, reason),
            origin,
            command: self.plain(name, &component)?,
        })
    }

    fn inline(&self, name: &str, bytes: &[u8]) -> Result<Linked, SinkError> {
        let Loaded { component, origin } = self.artifacts.with_sink(name, bytes)?;
        Ok(Linked {
            path: Path::Inline,
            origin,
            command: self.with_sink(name, &component)?,
        })
    }

    fn plain(&self, name: &str, component: &Component) -> Result<CommandPre<TaskData>, LoadError> {
        let linker = self.machine.linker(component.engine());
        ready(name, linker.map(|linker| linker.instantiate_pre(component)))
    }

    fn with_sink(
        &self,
        name: &str,
        component: &SinkComponent,
    ) -> Result<CommandPre<TaskData>, LoadError> {
        let linker = self.machine.linker(component.engine());
        ready(name, linker.map(|linker| component.instantiate_pre(linker)))
    }

    /// A file with a program's code, for the path that was asked for if it can take it.
    pub(super) fn precompile(
        &self,
        name: &str,
        given: Given<'_>,
        key: &ArtifactKey,
    ) -> Result<(Precompiled, Path), LoadError> {
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let mut reason = None;
        if self.path == RecordPath::Inline && inspection.role() != Role::None {
            let artifacts = self.artifacts;
            match artifacts.sealed_with_sink(name, &inspection, &component, key) {
                Ok(file) => return Ok((file, Path::Inline)),
                Err(error) => reason = Some(on_the_direct_path(name, error)?),
            }
        }
        let artifacts = self.artifacts;
        let file = artifacts.sealed_plain(name, &inspection, &component, key)?;
        Ok((file, direct(&inspection, reason)))
    }
}

/// Why records take the direct path, unless the component is not loaded at all.
fn on_the_direct_path(name: &str, error: SinkError) -> Result<String, LoadError> {
    let reason = error.without_the_sink()?;
    tracing::warn!(component = name, reason, "records take the direct path");
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
    linked: Option<wasmtime::Result<InstancePre<TaskData>>>,
) -> Result<CommandPre<TaskData>, LoadError> {
    let none = || Err(wasmtime::format_err!("it is of another engine"));
    linked
        .unwrap_or_else(none)
        .and_then(CommandPre::new)
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
            command,
        } = linked;
        Self {
            name: name.into(),
            inspection: Arc::new(inspection),
            path: Arc::new(path),
            origin,
            refusal,
            command,
        }
    }

    /// What it was loaded as.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its outside tells.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// How its records travel.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its code has come from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Why the code in its file was not used, if it was a precompiled one.
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
