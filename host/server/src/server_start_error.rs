//! Errors of a server that could not start.

use std::error;
use std::fmt;

use solti_metrics_host::text::causes;

use crate::error::Error;
use crate::error_list::first_errors;

/// The errors of a server that could not start: one for each backend, or for each task.
#[derive(Debug)]
pub struct ServerStartError(Vec<Error>);

impl ServerStartError {
    pub(crate) const fn new(errors: Vec<Error>) -> Self {
        Self(errors)
    }

    /// All errors.
    pub fn errors(&self) -> &[Error] {
        &self.0
    }

    /// The errors, each with its causes: the first 100, and the number of further errors.
    pub fn lines(&self) -> Vec<String> {
        first_errors(self.0.iter().map(|error| causes(error)))
    }
}

impl fmt::Display for ServerStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl error::Error for ServerStartError {}
