//! What a receiver of records is given and has to expose, as data:
//! `docs/reference/conformance.md` describes the files.

mod record;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::vector_error::VectorError;
pub(crate) use record::Record;

/// So many records at most come of one step: an hour of a million a second.
pub(crate) const MOST_RECORDS: u64 = 3_600_000_000;

/// Growth is judged over the last half of the rounds, and a line through fewer points
/// says little.
pub(crate) const FEWEST_ROUNDS: u32 = 16;

const MOST_ROUNDS: u32 = 100_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    /// The stem of its file.
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(rename = "$schema", default)]
    _schema: IgnoredAny,
    #[serde(rename = "description")]
    _description: String,
    /// The vector that has to be passed first.
    pub(crate) after: Option<String>,
    /// Interfaces without which it says nothing.
    #[serde(default)]
    pub(crate) needs: Vec<OptionalInterface>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OptionalInterface {
    Batch,
    Lifecycle,
    Exposition,
    Accounting,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Step {
    /// Hands all of these over, as often as it says.
    Record {
        records: Vec<Record>,
        repeat: Option<u64>,
    },
    Flush {},
    /// Scrapes, and compares.
    Expose {
        expect: Option<Vec<Expected>>,
    },
    /// Puts another instance into the place of this one.
    Restart {},
    /// Does these steps so often, and looks at linear memory after each round.
    Rounds {
        times: u32,
        per: Unit,
        #[serde(rename = "most-growth")]
        most_growth: u32,
        steps: Vec<Step>,
    },
}

/// What memory could grow with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    Record,
    Scrape,
}

/// A sample that has to be there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) metric: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: String,
    /// The least value that will do.
    #[serde(rename = "at-least")]
    pub(crate) at_least: Option<String>,
}

impl Vector {
    /// Reads one. `name` is the stem of its file.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self, VectorError> {
        let mut vector: Self = serde_json::from_str(text)?;
        name.clone_into(&mut vector.name);
        vector.steps.iter().try_for_each(|step| step.check(true))?;
        must(!vector.steps.is_empty(), || "it has no steps".into())?;
        Ok(vector)
    }

    /// Whether memory is what it is about.
    pub(crate) fn has_rounds(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Rounds { .. }))
    }

    /// Whether it records anything outside of rounds.
    pub(crate) fn has_records(&self) -> bool {
        let steps = &mut self.steps.iter();
        steps.any(|step| matches!(step, Step::Record { .. }))
    }
}

impl OptionalInterface {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Lifecycle => "lifecycle",
            Self::Exposition => "exposition",
            Self::Accounting => "accounting",
        }
    }
}

impl Step {
    fn check(&self, outermost: bool) -> Result<(), VectorError> {
        match self {
            Self::Record { records, repeat } => {
                let all = (records.len() as u64).checked_mul(repeat.unwrap_or(1));
                let fits = all.is_some_and(|all| (1..=MOST_RECORDS).contains(&all));
                must(fits, || {
                    format!("a step records nothing, or more than {MOST_RECORDS} records")
                })
            }
            Self::Expose { expect } => expect.iter().flatten().try_for_each(Expected::check),
            Self::Rounds { times, steps, .. } => {
                must(outermost, || "there are rounds within rounds".into())?;
                must((FEWEST_ROUNDS..=MOST_ROUNDS).contains(times), || {
                    format!("there have to be {FEWEST_ROUNDS} to {MOST_ROUNDS} rounds, not {times}")
                })?;
                must(!steps.is_empty(), || "rounds have no steps".into())?;
                steps.iter().try_for_each(|step| step.check(false))
            }
            Self::Flush {} | Self::Restart {} => Ok(()),
        }
    }
}

impl Expected {
    fn check(&self) -> Result<(), VectorError> {
        for value in [Some(&self.value), self.at_least.as_ref()]
            .into_iter()
            .flatten()
        {
            let number: f64 = value.parse().map_err(|error| {
                VectorError::invalid(format!("{value:?} is no number: {error}"))
            })?;
            must(number.is_finite() && number >= 0.0, || {
                format!("{value:?} is no count")
            })?;
        }
        Ok(())
    }
}

fn must(holds: bool, reason: impl FnOnce() -> String) -> Result<(), VectorError> {
    if holds {
        Ok(())
    } else {
        Err(VectorError::invalid(reason()))
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics::{Event, RunnerType, TaskOutcome};

    use super::*;

    fn read(steps: &str) -> Result<Vector, String> {
        let text = format!(r#"{{ "description": "d", "steps": [{steps}] }}"#);
        Vector::read("v", &text).map_err(|error| error.to_string())
    }

    fn record(record: &str) -> String {
        format!(r#"{{ "do": "record", "records": [{record}] }}"#)
    }

    #[test]
    fn the_longest_duration_is_read_whole() -> Result<(), String> {
        let record = record(
            r#"{ "record": "task-completed", "runner": "wasm", "outcome": "timeout",
                 "duration-ms": "18446744073709551615" }"#,
        );
        let vector = read(&record)?;
        let [Step::Record { records, .. }] = vector.steps.as_slice() else {
            return Err(format!("{vector:?}"));
        };
        let event = Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: TaskOutcome::Timeout,
            duration_ms: u64::MAX,
        };
        assert_eq!(records[0].0, event);
        Ok(())
    }

    #[test]
    fn what_is_no_vector_is_refused_with_what_is_wrong() {
        let started = r#"{ "record": "task-started", "runner": "wasm" }"#;
        let rounds = |times: &str, steps: &str| {
            format!(
                r#"{{ "do": "rounds", "times": {times}, "per": "record", "most-growth": 1, "steps": [{steps}] }}"#
            )
        };
        let flush = r#"{ "do": "flush" }"#;
        for (steps, why) in [
            (String::new(), "no steps"),
            (record(""), "records nothing"),
            (
                record(r#"{ "record": "task-started", "runner": "vm" }"#),
                "\"vm\" is none of subprocess, container, wasm",
            ),
            (
                record(
                    r#"{ "record": "runner-error", "runner": "wasm", "error": "spawn_failed" }"#,
                ),
                "\"spawn_failed\" is none of cgroup-prepare-failed",
            ),
            (
                record(r#"{ "record": "task-begun", "runner": "wasm" }"#),
                "unknown variant",
            ),
            (
                format!(r#"{{ "do": "record", "records": [{started}], "repeat": 99999999999 }}"#),
                "more than",
            ),
            (r#"{ "do": "flush", "twice": true }"#.into(), "twice"),
            (rounds("2", flush), "16 to 100000 rounds"),
            (rounds("16", &rounds("16", flush)), "rounds within rounds"),
            (
                r#"{ "do": "expose", "expect": [{ "metric": "m", "labels": {}, "value": "-1" }] }"#
                    .into(),
                "no count",
            ),
        ] {
            let refused = read(&steps).err().unwrap_or_default();
            assert!(refused.contains(why), "{steps}: {refused}");
        }
    }
}
