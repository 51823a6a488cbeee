//! Test vectors: the records for a provider, and the expected exposition.
//! `docs/reference/conformance.md` describes the files.

mod record;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::vector_error::VectorError;
pub(crate) use record::VectorRecord;

/// Maximum number of records in one step: one hour with a million records a second.
pub(crate) const MOST_RECORDS: u64 = 3_600_000_000;

/// Minimum number of rounds. Growth is measured over the last half of the rounds, and fewer
/// points do not show a trend.
pub(crate) const FEWEST_ROUNDS: u32 = 16;

const MOST_ROUNDS: u32 = 100_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    /// Stem of the file name.
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(rename = "$schema", default)]
    _schema: IgnoredAny,
    #[serde(rename = "description")]
    _description: String,
    /// Vector that must pass before this one.
    pub(crate) after: Option<String>,
    /// Optional interfaces that the vector requires.
    #[serde(default)]
    pub(crate) needs: Vec<OptionalInterface>,
    pub(crate) steps: Vec<VectorStep>,
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
pub(crate) enum VectorStep {
    /// Makes all records, as many times as `repeat`.
    Record {
        records: Vec<VectorRecord>,
        repeat: Option<u64>,
    },
    Flush {},
    /// Scrapes, and compares the samples.
    Expose {
        expect: Option<Vec<ExpectedSample>>,
    },
    /// Replaces the instance by a new one.
    Restart {},
    /// Repeats the steps, and reads linear memory after each round.
    Rounds {
        times: u32,
        per: GrowthUnit,
        #[serde(rename = "most-growth")]
        most_growth: u32,
        steps: Vec<VectorStep>,
    },
}

/// Unit of the growth of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GrowthUnit {
    Record,
    Scrape,
}

/// A sample that must be in the exposition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedSample {
    pub(crate) metric: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: String,
    /// Minimum value.
    #[serde(rename = "at-least")]
    pub(crate) at_least: Option<String>,
}

impl Vector {
    /// Parses a vector. `name` is the stem of its file name.
    pub(crate) fn read(name: &str, text: &str) -> Result<Self, VectorError> {
        let mut vector: Self = serde_json::from_str(text)?;
        name.clone_into(&mut vector.name);
        vector.steps.iter().try_for_each(|step| step.check(true))?;
        must(!vector.steps.is_empty(), || {
            "the vector has no steps".into()
        })?;
        Ok(vector)
    }

    /// Whether the vector measures memory.
    pub(crate) fn has_rounds(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, VectorStep::Rounds { .. }))
    }

    /// Whether the vector makes records outside of rounds.
    pub(crate) fn has_records(&self) -> bool {
        let steps = &mut self.steps.iter();
        steps.any(|step| matches!(step, VectorStep::Record { .. }))
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

impl VectorStep {
    fn check(&self, outermost: bool) -> Result<(), VectorError> {
        match self {
            Self::Record { records, repeat } => {
                let all = (records.len() as u64).checked_mul(repeat.unwrap_or(1));
                let fits = all.is_some_and(|all| (1..=MOST_RECORDS).contains(&all));
                must(fits, || {
                    format!("a step must make from 1 to {MOST_RECORDS} records")
                })
            }
            Self::Expose { expect } => expect.iter().flatten().try_for_each(ExpectedSample::check),
            Self::Rounds { times, steps, .. } => {
                must(outermost, || "rounds must not contain rounds".into())?;
                must((FEWEST_ROUNDS..=MOST_ROUNDS).contains(times), || {
                    format!(
                        "the number of rounds must be from {FEWEST_ROUNDS} to {MOST_ROUNDS}, not {times}"
                    )
                })?;
                must(!steps.is_empty(), || "rounds have no steps".into())?;
                steps.iter().try_for_each(|step| step.check(false))
            }
            Self::Flush {} | Self::Restart {} => Ok(()),
        }
    }
}

impl ExpectedSample {
    fn check(&self) -> Result<(), VectorError> {
        for value in [Some(&self.value), self.at_least.as_ref()]
            .into_iter()
            .flatten()
        {
            let number: f64 = value.parse().map_err(|error| {
                VectorError::invalid(format!("{value:?} is not a number: {error}"))
            })?;
            must(number.is_finite() && number >= 0.0, || {
                format!("{value:?} is not a count")
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
    fn the_longest_duration_is_parsed_exactly() -> Result<(), String> {
        let record = record(
            r#"{ "record": "task-completed", "runner": "wasm", "outcome": "timeout",
                 "duration-ms": "18446744073709551615" }"#,
        );
        let vector = read(&record)?;
        let [VectorStep::Record { records, .. }] = vector.steps.as_slice() else {
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
    fn an_invalid_vector_is_rejected_with_the_cause() {
        let started = r#"{ "record": "task-started", "runner": "wasm" }"#;
        let rounds = |times: &str, steps: &str| {
            format!(
                r#"{{ "do": "rounds", "times": {times}, "per": "record", "most-growth": 1, "steps": [{steps}] }}"#
            )
        };
        let flush = r#"{ "do": "flush" }"#;
        for (steps, why) in [
            (String::new(), "no steps"),
            (record(""), "a step must make from 1 to"),
            (
                record(r#"{ "record": "task-started", "runner": "vm" }"#),
                "\"vm\" is not one of subprocess, container, wasm",
            ),
            (
                record(
                    r#"{ "record": "runner-error", "runner": "wasm", "error": "spawn_failed" }"#,
                ),
                "\"spawn_failed\" is not one of cgroup-prepare-failed",
            ),
            (
                record(r#"{ "record": "task-begun", "runner": "wasm" }"#),
                "unknown variant",
            ),
            (
                format!(r#"{{ "do": "record", "records": [{started}], "repeat": 99999999999 }}"#),
                "a step must make from 1 to",
            ),
            (r#"{ "do": "flush", "twice": true }"#.into(), "twice"),
            (
                record(r#"{ "record": "\u001b[2J", "runner": "wasm" }"#),
                "unknown variant `\\u{1b}[2J`",
            ),
            (rounds("2", flush), "from 16 to 100000"),
            (
                rounds("16", &rounds("16", flush)),
                "rounds must not contain rounds",
            ),
            (
                r#"{ "do": "expose", "expect": [{ "metric": "m", "labels": {}, "value": "-1" }] }"#
                    .into(),
                "is not a count",
            ),
        ] {
            let rejected = read(&steps).err().unwrap_or_default();
            assert!(rejected.contains(why), "{steps}: {rejected}");
        }
    }
}
