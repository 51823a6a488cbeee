//! Conversions of labels, on the guest's side. The host has a file of the same
//! name: each side has its own bindings, and neither depends on the other.

use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome, UnmappedLabel};

use crate::bindings::imports::solti::metrics::types as wit;

/// Maps the cases of a WIT enum to the variants of the Rust enum with the same name.
macro_rules! same_cases {
    ($Label:ident { $($Case:ident),+ $(,)? }) => {
        impl From<wit::$Label> for $Label {
            #[inline]
            fn from(label: wit::$Label) -> Self {
                match label {
                    $(wit::$Label::$Case => Self::$Case,)+
                }
            }
        }

        impl TryFrom<$Label> for wit::$Label {
            type Error = UnmappedLabel;

            #[inline]
            fn try_from(label: $Label) -> Result<Self, UnmappedLabel> {
                match label {
                    $($Label::$Case => Ok(Self::$Case),)+
                    unmapped => Err(unmapped.into()),
                }
            }
        }
    };
}

same_cases!(RunnerType {
    Subprocess,
    Container,
    Wasm
});
same_cases!(TaskOutcome {
    Success,
    Failure,
    Canceled,
    Timeout
});
same_cases!(RunnerErrorKind {
    CgroupPrepareFailed,
    BackendConfigFailed,
    SpawnFailed,
    ModuleLoadFailed,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_survives_the_boundary_unchanged() {
        for label in RunnerType::ALL {
            assert_eq!(
                wit::RunnerType::try_from(label).map(RunnerType::from),
                Ok(label)
            );
        }
        for label in TaskOutcome::ALL {
            assert_eq!(
                wit::TaskOutcome::try_from(label).map(TaskOutcome::from),
                Ok(label)
            );
        }
        for label in RunnerErrorKind::ALL {
            assert_eq!(
                wit::RunnerErrorKind::try_from(label).map(RunnerErrorKind::from),
                Ok(label)
            );
        }
    }
}
