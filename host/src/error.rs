use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome};

/// A label that `solti:metrics@0.1.0` has no name for.
///
/// The Rust enums may grow before the WIT package does; a record with such a
/// label is dropped and counted, and never given a label that it did not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("solti:metrics@0.1.0 has no name for the label `{0}`")]
pub struct UnmappedLabel(pub &'static str);

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
