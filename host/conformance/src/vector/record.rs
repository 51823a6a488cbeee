//! Records in vectors, in the words of the WIT package.

use serde::Deserialize;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// A record of a vector.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) struct Record(pub(crate) Event);

/// A record in the words of the WIT package.
#[derive(Debug, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case", deny_unknown_fields)]
enum Words {
    TaskStarted {
        runner: String,
    },
    TaskCompleted {
        runner: String,
        outcome: String,
        /// In digits: a number would not survive every reader of JSON.
        #[serde(rename = "duration-ms")]
        duration_ms: String,
    },
    RunnerError {
        runner: String,
        error: String,
    },
}

impl TryFrom<Words> for Record {
    type Error = String;

    fn try_from(words: Words) -> Result<Self, String> {
        Ok(Self(match words {
            Words::TaskStarted { runner } => Event::TaskStarted {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
            },
            Words::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => Event::TaskCompleted {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
                outcome: label(&outcome, TaskOutcome::ALL, |outcome| outcome.as_label())?,
                duration_ms: duration_ms
                    .parse()
                    .map_err(|_| format!("{duration_ms:?} is no number of milliseconds"))?,
            },
            Words::RunnerError { runner, error } => Event::RunnerError {
                runner: label(&runner, RunnerType::ALL, RunnerType::as_label)?,
                error: label(&error, RunnerErrorKind::ALL, RunnerErrorKind::as_label)?,
            },
        }))
    }
}

/// The case of this name in the WIT package, which has dashes where labels have
/// underscores.
fn label<T: Copy, const N: usize>(
    text: &str,
    all: [T; N],
    as_label: impl Fn(T) -> &'static str,
) -> Result<T, String> {
    let names = all.map(|case| as_label(case).replace('_', "-"));
    let found = names.iter().position(|name| name == text);
    found
        .and_then(|place| all.get(place).copied())
        .ok_or_else(|| format!("{text:?} is none of {}", names.join(", ")))
}
