//! Records in vectors, with the names of the WIT package.

use serde::Deserialize;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// A record of a vector.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "WitRecord")]
pub(crate) struct VectorRecord(pub(crate) Event);

/// A record with the names of the WIT package.
#[derive(Debug, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case", deny_unknown_fields)]
enum WitRecord {
    TaskStarted {
        runner: String,
    },
    TaskCompleted {
        runner: String,
        outcome: String,
        /// Decimal digits, because not every JSON parser reads a large number exactly.
        #[serde(rename = "duration-ms")]
        duration_ms: String,
    },
    RunnerError {
        runner: String,
        error: String,
    },
}

impl TryFrom<WitRecord> for VectorRecord {
    type Error = String;

    fn try_from(words: WitRecord) -> Result<Self, String> {
        Ok(Self(match words {
            WitRecord::TaskStarted { runner } => Event::TaskStarted {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
            },
            WitRecord::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => Event::TaskCompleted {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
                outcome: label(&outcome, TaskOutcome::ALL, |outcome| outcome.as_label())?,
                duration_ms: duration_ms
                    .parse()
                    .map_err(|_| format!("{duration_ms:?} is not a number of milliseconds"))?,
            },
            WitRecord::RunnerError { runner, error } => Event::RunnerError {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
                error: label(&error, RunnerErrorKind::ALL, RunnerErrorKind::as_label)?,
            },
        }))
    }
}

/// The case with this name in the WIT package. WIT names have dashes where labels have
/// underscores.
fn label<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    as_label: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names = all.map(|case| as_label(case).replace('_', "-"));
    let found = names.iter().position(|name| name == text);
    found
        .and_then(|position| all.get(position).copied())
        .ok_or_else(|| format!("{text:?} is not one of {}", names.join(", ")))
}
