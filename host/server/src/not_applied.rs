//! Parts of a configuration that a reload could not apply.

use std::fmt;

use solti_metrics_host::text::causes;

use crate::error::Error;

/// A part of a configuration that could not be applied.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotApplied {
    /// The cause.
    pub error: Error,
    /// State of the part after the reload.
    pub remains: Remains,
}

/// State of a part of a configuration that could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remains {
    /// The previous configuration continues completely.
    Everything,
    /// The previous task, backend or middleware of this name continues.
    Unchanged,
    /// No part had this name before, and none is started.
    StartFailed,
    /// The change takes effect after a restart.
    UntilRestart,
}

impl NotApplied {
    pub(crate) const fn new(error: Error, remains: Remains) -> Self {
        Self { error, remains }
    }
}

/// The error with its causes, and the state of the part.
impl fmt::Display for NotApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&causes(&self.error))?;
        f.write_str(match self.remains {
            Remains::Everything => "; the previous configuration continues",
            Remains::Unchanged => "; the previous version stays in use",
            Remains::StartFailed => "; it is not started",
            // The error message says so.
            Remains::UntilRestart => "",
        })
    }
}
