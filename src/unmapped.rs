//! A label without a name in the WIT package.

use std::fmt;

use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

/// A label that the WIT package `solti:metrics@0.1.0` has no name for.
///
/// The Rust enums can grow before the package does. At the boundary, a record with such a
/// label is dropped and counted. The boundary never replaces the label with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnmappedLabel(&'static str);

impl UnmappedLabel {
    /// Text of the label.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for UnmappedLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "solti:metrics@0.1.0 has no name for the label `{}`",
            self.0
        )
    }
}

impl std::error::Error for UnmappedLabel {}

impl From<RunnerType> for UnmappedLabel {
    fn from(label: RunnerType) -> Self {
        Self(label.as_label())
    }
}

impl From<TaskOutcome> for UnmappedLabel {
    fn from(label: TaskOutcome) -> Self {
        Self(label.as_label())
    }
}

impl From<RunnerErrorKind> for UnmappedLabel {
    fn from(label: RunnerErrorKind) -> Self {
        Self(label.as_label())
    }
}
