//! The closed sets of labels, and their texts.

use std::fmt;
use std::str::FromStr;

/// Type of the runner that executes a task. The label `runner`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunnerType {
    /// A process of the operating system.
    Subprocess,
    /// An OCI container.
    Container,
    /// A WebAssembly component or module.
    Wasm,
}

impl RunnerType {
    /// Every case, in the order of the WIT enum.
    pub const ALL: [Self; 3] = [Self::Subprocess, Self::Container, Self::Wasm];

    /// The label's text in every exposition.
    #[inline]
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Subprocess => "subprocess",
            Self::Container => "container",
            Self::Wasm => "wasm",
        }
    }
}

/// Outcome of a task that started to execute. The label `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskOutcome {
    /// The task completed its work.
    Success,
    /// The task ran, and failed.
    Failure,
    /// The task was stopped before its end, on request.
    Canceled,
    /// The task was stopped because it reached its time limit.
    Timeout,
}

impl TaskOutcome {
    /// Every case, in the order of the WIT enum.
    pub const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Canceled, Self::Timeout];

    /// The label's text in every exposition.
    #[inline]
    #[must_use]
    pub const fn as_label(&self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Canceled => "canceled",
            Self::Timeout => "timeout",
        }
    }
}

/// Step of a runner's set-up or tear-down that failed. The label `error`.
///
/// A task that ran and failed is not a runner error: it is a completion with
/// [`TaskOutcome::Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunnerErrorKind {
    /// Creation of the cgroup (v2), or a write of its attributes.
    CgroupPrepareFailed,
    /// Application of the runner's configuration to the task: resource limits, capabilities,
    /// namespaces.
    BackendConfigFailed,
    /// Start of the process or the actor.
    SpawnFailed,
    /// Load of the module: WebAssembly or a container image.
    ModuleLoadFailed,
}

impl RunnerErrorKind {
    /// Every case, in the order of the WIT enum.
    pub const ALL: [Self; 4] = [
        Self::CgroupPrepareFailed,
        Self::BackendConfigFailed,
        Self::SpawnFailed,
        Self::ModuleLoadFailed,
    ];

    /// The label's text in every exposition.
    #[inline]
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::CgroupPrepareFailed => "cgroup_prepare_failed",
            Self::BackendConfigFailed => "backend_config_failed",
            Self::SpawnFailed => "spawn_failed",
            Self::ModuleLoadFailed => "module_load_failed",
        }
    }
}

/// A text that is not a label of the enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseLabelError {
    label: &'static str,
    text: Box<str>,
    expected: Box<[&'static str]>,
}

impl fmt::Display for ParseLabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            label,
            text,
            expected,
        } = self;
        let expected = expected.join(", ");
        write!(
            f,
            "unknown label `{label}`: {text:?} is not one of {expected}"
        )
    }
}

impl std::error::Error for ParseLabelError {}

/// Maps a label enum to text in both directions, through its one table.
macro_rules! text_of_label {
    ($Label:ident, $name:literal) => {
        impl fmt::Display for $Label {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_label())
            }
        }

        impl FromStr for $Label {
            type Err = ParseLabelError;

            fn from_str(text: &str) -> Result<Self, ParseLabelError> {
                Self::ALL
                    .into_iter()
                    .find(|case| case.as_label() == text)
                    .ok_or_else(|| ParseLabelError {
                        label: $name,
                        text: text.into(),
                        expected: Self::ALL.map(|case| case.as_label()).into(),
                    })
            }
        }
    };
}

text_of_label!(RunnerType, "runner");
text_of_label!(TaskOutcome, "outcome");
text_of_label!(RunnerErrorKind, "error");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_parses_back_to_its_case() {
        for case in RunnerType::ALL {
            assert_eq!(case.as_label().parse(), Ok(case));
        }
        for case in TaskOutcome::ALL {
            assert_eq!(case.as_label().parse(), Ok(case));
        }
        for case in RunnerErrorKind::ALL {
            assert_eq!(case.as_label().parse(), Ok(case));
        }
    }

    #[test]
    fn unknown_text_is_rejected_with_the_choices() {
        let error = "cancelled".parse::<TaskOutcome>().err();
        assert_eq!(
            error.map(|e| e.to_string()).as_deref(),
            Some(
                "unknown label `outcome`: \"cancelled\" is not one of success, failure, canceled, timeout"
            )
        );
    }
}
