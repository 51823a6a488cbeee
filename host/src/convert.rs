//! Labels across the boundary.
//!
//! The WIT enums are closed, so every label of a guest has a value here. The Rust enums are open to
//! other crates, so a conversion to WIT can meet a case for which this version of the package has
//! no name.

use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome, UnmappedLabel};

use crate::bindings::types as wit;

/// Maps the cases of a WIT enum to those of the Rust enum of the same name.
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
    fn every_label_comes_back_from_the_boundary_as_itself() {
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

    /// The flat ABI carries a case's number: the order is part of the contract.
    #[test]
    fn every_label_has_the_number_of_its_wit_case() {
        for (number, label) in (0..).zip(RunnerType::ALL) {
            assert_eq!(
                wit::RunnerType::try_from(label).map(|l| l as u8),
                Ok(number)
            );
        }
        for (number, label) in (0..).zip(TaskOutcome::ALL) {
            assert_eq!(
                wit::TaskOutcome::try_from(label).map(|l| l as u8),
                Ok(number)
            );
        }
        for (number, label) in (0..).zip(RunnerErrorKind::ALL) {
            assert_eq!(
                wit::RunnerErrorKind::try_from(label).map(|l| l as u8),
                Ok(number)
            );
        }
    }
}
