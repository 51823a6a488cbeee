//! Parts of a configuration that a reload could not apply.

use std::fmt;

use solti_metrics_host::text::causes;

use crate::error::Error;

/// A part of a configuration that could not be applied.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotApplied {
    /// Why not.
    pub error: Error,
    /// What becomes of the part.
    pub remains: Remains,
}

/// What becomes of a part of a configuration that could not be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remains {
    /// Nothing of the configuration is applied: all goes on as it was.
    Everything,
    /// The task, backend or middleware that has this name goes on as it was.
    AsItWas,
    /// Nothing had this name before, and nothing is started.
    StartFailed,
    /// The change takes effect after a restart.
    UntilRestart,
}

impl NotApplied {
    pub(crate) const fn new(error: Error, remains: Remains) -> Self {
        Self { error, remains }
    }
}

/// The error with its causes, and what becomes of the part.
impl fmt::Display for NotApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&causes(&self.error))?;
        f.write_str(match self.remains {
            Remains::Everything => "; everything goes on as it was",
            Remains::AsItWas => "; it goes on as it was",
            Remains::StartFailed => "; it is not started",
            // The error says so.
            Remains::UntilRestart => "",
        })
    }
}
