use std::fmt;

use solti_metrics_host::runner::LoadError;

/// Why nothing can be said of a component: not it, but this process is in the way. That
/// is neither a pass nor a failure.
#[derive(Debug)]
pub(super) struct Untested(String);

impl Untested {
    pub(super) fn new(name: &str, why: impl fmt::Display) -> Self {
        Self(format!("{name}: could not be tested: {why}"))
    }

    /// Of a component that was not loaded, if it is not at fault.
    pub(super) fn of_load(name: &str, error: &LoadError) -> Option<Self> {
        match (error, error.process_limit()) {
            (_, Some(limit)) => Some(Self::new(name, limit)),
            (LoadError::Compiler { reason, .. }, _) => Some(Self::new(name, reason)),
            _ => None,
        }
    }
}

impl fmt::Display for Untested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Untested {}
