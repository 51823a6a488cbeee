use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// One thing that was looked at, and what came of it.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) verdict: Verdict,
    /// What was seen, where that is of interest in any case.
    pub(super) note: String,
    /// The same in numbers.
    pub(super) figures: BTreeMap<&'static str, f64>,
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub(super) took: Duration,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(super) enum Verdict {
    Passed,
    Failed(Fault),
    Skipped { reason: String },
}

/// What is wrong, for whoever has to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fault {
    pub(super) expected: String,
    pub(super) seen: String,
    /// What the author can change.
    pub(super) fix: String,
}

impl Fault {
    pub(super) fn new(
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
    pub(super) fn new(name: impl Into<String>, verdict: Verdict) -> Self {
        Self {
            name: name.into(),
            verdict,
            note: String::new(),
            figures: BTreeMap::new(),
            took: Duration::ZERO,
        }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(super) fn figure(mut self, name: &'static str, value: f64) -> Self {
        self.figures.insert(name, value);
        self
    }

    pub(super) fn took(mut self, time: Duration) -> Self {
        self.took = time;
        self
    }

    pub(super) fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

impl Verdict {
    pub(super) fn skipped(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Skipped { reason }
    }

    pub(super) const fn as_label(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped { .. } => "skipped",
        }
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
