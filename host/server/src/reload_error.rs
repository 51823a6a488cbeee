//! Errors of a reload.

use std::error;
use std::fmt;

use crate::error_list::first_errors;
use crate::not_applied::NotApplied;

/// The parts of a configuration that a running server could not apply.
#[derive(Debug)]
pub struct ReloadError(Vec<NotApplied>);

impl ReloadError {
    pub(crate) fn unless_empty(not_applied: Vec<NotApplied>) -> Result<(), Self> {
        if not_applied.is_empty() {
            return Ok(());
        }
        Err(Self(not_applied))
    }

    /// All parts that could not be applied.
    pub fn not_applied(&self) -> &[NotApplied] {
        &self.0
    }

    /// The parts that could not be applied, each with its error and its state: the first
    /// 100, and the number of further parts.
    pub fn lines(&self) -> Vec<String> {
        first_errors(self.0.iter().map(ToString::to_string))
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl error::Error for ReloadError {}
