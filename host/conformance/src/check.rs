//! Checks and their verdicts.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// One thing that was looked at, and its verdict.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// Its name, as `docs/reference/conformance.md` has it; a vector's check is named after it.
    pub name: String,
    /// Whether it passed.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was seen, where that is of interest in any case.
    pub note: String,
    /// The same in numbers, by name; a name ends with the unit.
    pub figures: BTreeMap<&'static str, f64>,
    /// Time that it took; in JSON whole milliseconds.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The component does what the contract says.
    Passed,
    /// The component does something else.
    Failed(Fault),
    /// Nothing is said about the component.
    Skipped {
        /// Why not.
        reason: String,
    },
}

/// What is wrong with a component, for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// What the contract says.
    pub expected: String,
    /// What the component does.
    pub seen: String,
    /// What the author can change.
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
