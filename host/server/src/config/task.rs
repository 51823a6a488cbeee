//! The table `[tasks.NAME]`.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::limit_keys::LimitKeys;
use super::values::Text;
use crate::dir::Dir;
use crate::engine::{self, Backoff};
use crate::time::{Time, Timeout};

/// A task: a component with a `main`, what each run of it is given, and when it runs.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(
    extend("allOf" = schedules(), "additionalProperties" = false),
    transform = LimitKeys::of_a_run
)]
pub(crate) struct Task {
    /// The component's file, named from the configuration's folder on.
    #[schemars(example = &"digest.wasm")]
    pub(crate) component: PathBuf,
    /// Arguments, without the program's name.
    #[serde(default)]
    #[schemars(example = ["--verbose", "src"])]
    pub(crate) args: Vec<String>,
    /// Environment variables.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Directories that are granted, named from the configuration's folder on.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub(crate) dirs: Vec<Text<Dir>>,
    /// The file that it reads from its standard input. Default: nothing.
    #[schemars(example = &"input.txt")]
    pub(crate) stdin: Option<PathBuf>,
    /// When it runs.
    #[serde(default)]
    pub(crate) schedule: Schedule,
    /// The time from one run's begin to the next, for `interval`.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) every: Option<Text<Time>>,
    /// How many runs there are, for `once`.
    #[schemars(extend("default" = 1))]
    pub(crate) repeat: Option<NonZeroU64>,
    /// How many runs of it there may be at a time; for `restart`, how many there are.
    #[schemars(extend("default" = 1))]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// What becomes of a run that is due while all its places are taken, for `interval`.
    #[schemars(extend("default" = "queue"))]
    pub(crate) admission: Option<Admission>,
    /// How many runs may wait, for the admission `queue`.
    #[schemars(extend("default" = 16))]
    pub(crate) queue: Option<usize>,
    /// When it runs again after a failure, for `restart`.
    pub(crate) backoff: Option<BackoffConfig>,
    /// How long a run may take. Default: 5m, and for `restart` none.
    pub(crate) timeout: Option<Text<Timeout>>,
    /// Maximum memory of a run: its linear memories, tables and the data of its instances
    /// together.
    #[schemars(extend("default" = "256MiB"))]
    pub(crate) max_memory: Option<Text<ByteSize>>,
    /// What it may use besides memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
    /// What of a run's output goes on, for each of its two streams.
    #[schemars(extend("default" = "16MiB"))]
    pub(crate) max_output: Option<Text<ByteSize>>,
    /// How many records a run may make; those after them are dropped, and counted.
    /// Default: as many as it likes.
    pub(crate) quota: Option<u64>,
    /// Where what it prints goes.
    #[serde(default)]
    pub(crate) output: Output,
}

/// When a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Schedule {
    /// When this runner begins; `repeat` times.
    #[default]
    Once,
    /// At each tick of a clock, the first at once.
    Interval,
    /// All the time: again after a failure, when a pause has passed. Who succeeds is done.
    Restart,
}

/// What becomes of a run that is due while all places are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Admission {
    /// It waits.
    #[default]
    Queue,
    /// One that runs ends as canceled, and makes place.
    Replace,
    /// It does not take place.
    Reject,
}

/// Where what a task prints goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Output {
    /// Into the log, each line an entry with the task's name.
    #[default]
    Log,
    /// To this runner's own standard output and standard error, as it is.
    Inherit,
    /// Nowhere.
    Discard,
}

/// How long to wait after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackoffConfig {
    /// The first pause.
    #[schemars(extend("x-least" = "10ms"))]
    pub(crate) first: Text<Time>,
    /// The longest pause.
    #[schemars(extend("x-least" = "10ms"))]
    pub(crate) max: Text<Time>,
    /// By what each pause is longer than the one before, from 1 to 100.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub(crate) factor: f64,
    /// How pauses are spread, so that what failed together does not begin together.
    pub(crate) jitter: Jitter,
    /// So often in a row it is tried again; after that it is left alone. Default: without end.
    pub(crate) retries: Option<NonZeroU32>,
}

/// How pauses are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Jitter {
    /// Not at all.
    None,
    /// From nothing to all of the pause.
    Full,
    /// From half of it to all of it.
    #[default]
    Equal,
    /// From the first pause to three times this one.
    Band,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            first: Text(Time(Duration::from_millis(200))),
            max: Text(Time(Duration::from_secs(30))),
            factor: 2.0,
            jitter: Jitter::default(),
            retries: None,
        }
    }
}

/// Which keys go with which schedule, in the words of the schema.
fn schedules() -> serde_json::Value {
    let is = |schedule: &str| json!({ "properties": { "schedule": { "const": schedule } } });
    let mut interval = is("interval");
    let mut restart = is("restart");
    // Without it, it is `once`.
    interval["required"] = json!(["schedule"]);
    restart["required"] = json!(["schedule"]);
    json!([
        { "if": is("once"), "else": { "properties": { "repeat": false } } },
        {
            "if": interval,
            "then": { "required": ["every"] },
            "else": { "properties": { "every": false, "admission": false, "queue": false } },
        },
        { "if": restart, "else": { "properties": { "backoff": false } } },
    ])
}

impl Task {
    pub(crate) fn concurrency(&self) -> NonZeroUsize {
        self.concurrency.unwrap_or(NonZeroUsize::MIN)
    }

    /// How many runs may wait.
    pub(crate) fn queue(&self) -> usize {
        self.queue.unwrap_or(16)
    }

    pub(crate) fn every(&self) -> Option<Duration> {
        self.every.map(|every| every.0.0)
    }

    pub(crate) fn backoff(&self) -> Backoff {
        let config = self.backoff.unwrap_or_default();
        Backoff {
            first: config.first.0.0,
            max: config.max.0.0,
            factor: config.factor,
            jitter: match config.jitter {
                Jitter::None => engine::Jitter::None,
                Jitter::Full => engine::Jitter::Full,
                Jitter::Equal => engine::Jitter::Equal,
                Jitter::Band => engine::Jitter::Band,
            },
            retries: config.retries,
        }
    }

    pub(crate) fn admission(&self) -> engine::Admission {
        match self.admission.unwrap_or_default() {
            Admission::Queue => engine::Admission::Queue,
            Admission::Replace => engine::Admission::Replace,
            Admission::Reject => engine::Admission::Reject,
        }
    }

    /// When it runs, in the engine's words.
    pub(crate) fn when(&self) -> engine::Schedule {
        match (self.schedule, self.every()) {
            (Schedule::Interval, Some(every)) => engine::Schedule::Interval {
                every,
                admission: self.admission(),
                queue: self.queue(),
            },
            (Schedule::Restart, _) => engine::Schedule::Restart {
                backoff: self.backoff(),
            },
            // An interval without `every` was refused.
            (Schedule::Once | Schedule::Interval, _) => engine::Schedule::Once {
                repeat: self.repeat.unwrap_or(NonZeroU64::MIN),
            },
        }
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        match (self.timeout, self.schedule) {
            (Some(timeout), _) => timeout.0.0,
            (None, Schedule::Restart) => None,
            (None, _) => Some(Duration::from_secs(300)),
        }
    }
}
