use std::fmt;
use std::sync::Arc;

use wasmtime::component::{InstancePre, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::state::TaskData;
use super::{Path, RecordPath};
use crate::artifact::{Artifacts, SinkError};
use crate::sandbox::{Inspection, LoadError, Role, one_line, printable, within};

/// A component that is loaded: checked, compiled and linked, ready to be run
/// any number of times. Clones share it.
#[derive(Clone)]
pub struct Program {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    path: Arc<Path>,
    pub(super) command: CommandPre<TaskData>,
}

/// Loads programs in one way.
pub(super) struct Loader<'a> {
    pub(super) linker: &'a Linker<TaskData>,
    pub(super) artifacts: &'a Artifacts,
    pub(super) path: RecordPath,
    pub(super) limit: u64,
}

impl Loader<'_> {
    pub(super) fn load(&self, name: &str, bytes: &[u8]) -> Result<Program, LoadError> {
        within(self.limit, name, bytes)?;
        let inspection = Inspection::of(name, bytes)?;
        inspection.runnable(name)?;
        let (path, command) = self.command(name, &inspection, bytes)?;
        Ok(Program {
            name: name.into(),
            inspection: Arc::new(inspection),
            path: Arc::new(path),
            command,
        })
    }

    /// By the path that was asked for, if the component can take it.
    fn command(
        &self,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
    ) -> Result<(Path, CommandPre<TaskData>), LoadError> {
        if inspection.role() == Role::None {
            return Ok((Path::Nothing, self.direct(name, bytes)?));
        }
        let reason = match self.path {
            RecordPath::Direct => None,
            RecordPath::Inline => match self.inline(name, inspection, bytes) {
                Ok(command) => return Ok((Path::Inline, command)),
                Err(error) => {
                    let reason = error.to_string();
                    tracing::warn!(component = name, reason, "records take the direct path");
                    Some(reason)
                }
            },
        };
        Ok((Path::Direct { reason }, self.direct(name, bytes)?))
    }

    fn inline(
        &self,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
    ) -> Result<CommandPre<TaskData>, SinkError> {
        let engine = self.linker.engine();
        let component = self.artifacts.with_sink(engine, name, inspection, bytes)?;
        Ok(ready(name, component.instantiate_pre(self.linker))?)
    }

    fn direct(&self, name: &str, bytes: &[u8]) -> Result<CommandPre<TaskData>, LoadError> {
        let engine = self.linker.engine();
        let component = self.artifacts.plain(engine, name, bytes)?;
        ready(name, self.linker.instantiate_pre(&component))
    }
}

fn ready(
    name: &str,
    linked: wasmtime::Result<InstancePre<TaskData>>,
) -> Result<CommandPre<TaskData>, LoadError> {
    linked
        .and_then(CommandPre::new)
        .map_err(|error| LoadError::Link {
            name: printable(name),
            reason: one_line(&error),
        })
}

impl Program {
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
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("name", &self.name)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
