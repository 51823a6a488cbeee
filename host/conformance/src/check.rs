//! Checks and their verdicts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// One check of a test, and its verdict.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Name of the check, as in `docs/reference/conformance.md`. The check of a vector has
    /// the name of the vector.
    pub name: String,
    /// Verdict of the check.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Observation, also of checks that passed. May be empty.
    pub note: String,
    /// Figures of the observation, by name. Each name ends with the unit.
    pub figures: BTreeMap<&'static str, f64>,
    /// Duration of the check. The JSON report has whole milliseconds.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
}

/// Verdict of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The component fulfills the contract.
    Passed,
    /// The component violates the contract.
    Failed(Fault),
    /// There is no verdict on the component.
    Skipped {
        /// Reason for the skip.
        reason: String,
    },
}

/// Fault of a component, for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// Behavior that the contract requires.
    pub expected: String,
    /// Behavior of the component.
    pub seen: String,
    /// Advice for the author.
    pub fix: String,
}

impl Fault {
    pub(crate) fn new(
        expected: impl Into<String>,
        seen: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            expected: expected.into(),
            seen: seen.into(),
            fix: fix.into(),
        }
    }
}

impl Check {
    pub(crate) fn new(name: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            name: name.into(),
            verdict,
            note: String::new(),
            figures: BTreeMap::new(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.insert(name, value);
        self
    }

    pub(crate) fn took(mut self, time: Duration) -> Self {
        self.took = time;
        self
    }

    pub(crate) fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

impl Verdict {
    pub(crate) fn skipped(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Skipped { reason }
    }
}

impl From<Result<(), Fault>> for Verdict {
    fn from(result: Result<(), Fault>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(fault) => Self::Failed(fault),
        }
    }
}

fn milliseconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
