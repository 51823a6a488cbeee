use std::fmt;
use std::sync::Arc;

use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::CommandPre;

use super::state::TaskState;
use crate::sandbox::{Inspection, LoadError, compile, one_line, printable, within};

/// A component that is loaded: checked, compiled and linked, ready to be run
/// any number of times. Clones share it.
#[derive(Clone)]
pub struct Program {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    pub(super) command: CommandPre<TaskState>,
}

impl Program {
    pub(super) fn load(
        name: &str,
        bytes: &[u8],
        limit: u64,
        linker: &Linker<TaskState>,
    ) -> Result<Self, LoadError> {
        within(limit, name, bytes)?;
        let inspection = Inspection::of(name, bytes)?;
        inspection.runnable(name)?;
        let component = compile(linker.engine(), name, bytes)?;
        let command = linker
            .instantiate_pre(&component)
            .and_then(CommandPre::new)
            .map_err(|error| LoadError::Link {
                name: printable(name),
                reason: one_line(&error),
            })?;
        Ok(Self {
            name: name.into(),
            inspection: Arc::new(inspection),
            command,
        })
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
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
