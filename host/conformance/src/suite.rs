//! The checks of one role.

use serde::Serialize;
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::provider::OptionalInterfaces;

use crate::check::{Check, Verdict};
use crate::counts::RecordCount;

/// The checks of a component in one role.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Suite {
    /// The role: `guest`, `provider`, `middleware`, or `backend` for a backend in Rust.
    pub role: &'static str,
    /// The optional interfaces that a provider or a middleware exports.
    pub interfaces: Vec<&'static str>,
    /// The checks, in the order of the test.
    pub checks: Vec<Check>,
    /// Records of a guest without a quota. `None` for other roles.
    pub records: Option<Vec<RecordCount>>,
}

impl Suite {
    pub(crate) fn new(role: &'static str, interfaces: Vec<&'static str>) -> Self {
        Self {
            role,
            interfaces,
            checks: Vec::new(),
            records: None,
        }
    }

    /// The suite of a component in a role.
    pub(crate) fn of(role: Role, inspection: &Inspection) -> Self {
        let interfaces = match role {
            Role::Guest => Vec::new(),
            _ => OptionalInterfaces::of(inspection).names(),
        };
        Self::new(role.as_label(), interfaces)
    }

    /// The number of checks that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Passed))
    }

    /// The number of checks that failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    /// The number of checks that were skipped.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Skipped { .. }))
    }

    /// Time that the checks took together, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.checks.iter().map(|it| it.took.as_secs_f64()).sum()
    }

    fn count(&self, is: fn(&Verdict) -> bool) -> usize {
        self.checks.iter().filter(|it| is(&it.verdict)).count()
    }
}
