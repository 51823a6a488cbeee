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
use super::values::TextValue;
use crate::dir::Dir;
use crate::engine::{self, RestartBackoff};
use crate::time::{Time, Timeout};

/// A task: a component with a `main`, its inputs, its limits and its schedule.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[schemars(
    extend("allOf" = schedules(), "additionalProperties" = false),
    transform = LimitKeys::of_a_run
)]
pub(crate) struct TaskConfig {
    /// File of the component of the task. Relative paths start at the folder of the
    /// configuration.
    #[schemars(example = &"digest.wasm")]
    pub(crate) component: PathBuf,
    /// Arguments of the guest, without the name of the program.
    #[serde(default)]
    #[schemars(example = ["--verbose", "src"])]
    pub(crate) args: Vec<String>,
    /// Environment variables of the guest.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Directories that the guest may access. Relative paths start at the folder of the
    /// configuration.
    #[serde(default)]
    #[schemars(example = ["in"], extend("default" = []))]
    pub(crate) dirs: Vec<TextValue<Dir>>,
    /// File that the guest reads as standard input. Default: empty input.
    #[schemars(example = &"input.txt")]
    pub(crate) stdin: Option<PathBuf>,
    /// When runs of the task start.
    #[serde(default)]
    pub(crate) schedule: ScheduleConfig,
    /// Time between the starts of two runs. Required for `schedule = "interval"`, and
    /// only valid there.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) interval: Option<TextValue<Time>>,
    /// Number of runs, for `schedule = "once"`.
    #[schemars(extend("default" = 1))]
    pub(crate) repeat: Option<NonZeroU64>,
    /// Maximum number of concurrent runs of the task. For `schedule = "restart"`, the
    /// number of runs that are kept running.
    #[schemars(extend("default" = 1))]
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Policy for a run that is due while all slots of the task are in use, for `schedule
    /// = "interval"`.
    #[schemars(extend("default" = "queue"))]
    pub(crate) admission: Option<AdmissionConfig>,
    /// Maximum number of runs that wait for a slot of the task, for `admission =
    /// "queue"`. Further runs may have a slot, and wait for `runner.concurrency`.
    #[schemars(range(max = 16384), extend("default" = 16))]
    pub(crate) queue_capacity: Option<usize>,
    /// Delays before restarts after failures, for `schedule = "restart"`.
    pub(crate) backoff: Option<BackoffConfig>,
    /// Maximum duration of a run. Default: `5m`, and `none` for `schedule = "restart"`.
    pub(crate) timeout: Option<TextValue<Timeout>>,
    /// Maximum memory of a run: linear memories, tables and instance data together.
    #[schemars(extend("default" = "256MiB"))]
    pub(crate) max_memory: Option<TextValue<ByteSize>>,
    /// Limits other than memory and time.
    #[serde(flatten)]
    pub(crate) limits: LimitKeys,
    /// Maximum bytes forwarded from each of standard output and standard error of a run.
    /// Further output is truncated and counted.
    #[schemars(extend("default" = "16MiB"))]
    pub(crate) max_output: Option<TextValue<ByteSize>>,
    /// Maximum number of records of a run. Further records are dropped and counted. 0 drops
    /// all records. Default: unlimited.
    pub(crate) quota: Option<u64>,
    /// Destination of what the guest prints.
    #[serde(default)]
    pub(crate) output: OutputConfig,
}

/// Schedule of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ScheduleConfig {
    /// Run at the start of the runner, `repeat` times.
    #[default]
    Once,
    /// Start a run every `interval`, the first run immediately.
    Interval,
    /// Keep runs running: a failed run is restarted after a delay. A run that succeeds is
    /// not restarted.
    Restart,
}

/// Admission policy of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AdmissionConfig {
    /// The due run waits. At most `queue_capacity` runs wait; further runs are rejected.
    #[default]
    Queue,
    /// A current run is canceled, and the due run takes its slot.
    Replace,
    /// The due run is rejected.
    Reject,
}

/// Destination of the output of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OutputConfig {
    /// Log entries, one for each line, with the name of the task.
    #[default]
    Log,
    /// Standard output and standard error of the runner, unchanged.
    Inherit,
    /// The output is discarded.
    Discard,
}

/// Delays before restarts after failures.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BackoffConfig {
    /// Delay before the first restart.
    #[schemars(extend("x-least" = "10ms"))]
    pub(crate) initial_backoff: TextValue<Time>,
    /// Maximum delay before a restart.
    #[schemars(extend("x-least" = "10ms"))]
    pub(crate) max_backoff: TextValue<Time>,
    /// Factor by which the delay grows after each failure, from 1 to 100.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub(crate) multiplier: f64,
    /// Randomization of the delays, so that runs that fail together do not restart
    /// together.
    pub(crate) jitter: JitterConfig,
    /// Maximum number of consecutive restarts. After that, the run is not restarted.
    /// Default: unlimited.
    pub(crate) max_retries: Option<NonZeroU32>,
}

/// Randomization of backoff delays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JitterConfig {
    /// The delay is not randomized.
    None,
    /// A random time from 0 to the delay.
    Full,
    /// A random time from half of the delay to the delay.
    #[default]
    Equal,
    /// A random time from `initial_backoff` to three times the delay, at most
    /// `max_backoff`.
    Decorrelated,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self {
            initial_backoff: TextValue(Time(Duration::from_millis(200))),
            max_backoff: TextValue(Time(Duration::from_secs(30))),
            multiplier: 2.0,
            jitter: JitterConfig::default(),
            max_retries: None,
        }
    }
}

/// Rules of the schema: the keys of each schedule.
fn schedules() -> serde_json::Value {
    let is = |schedule: &str| json!({ "properties": { "schedule": { "const": schedule } } });
    let mut interval = is("interval");
    let mut restart = is("restart");
    // The default of `schedule` is `once`.
    interval["required"] = json!(["schedule"]);
    restart["required"] = json!(["schedule"]);
    json!([
        { "if": is("once"), "else": { "properties": { "repeat": false } } },
        {
            "if": interval,
            "then": { "required": ["interval"] },
            "else": { "properties": { "interval": false, "admission": false, "queue_capacity": false } },
        },
        { "if": restart, "else": { "properties": { "backoff": false } } },
    ])
}

impl TaskConfig {
    pub(crate) fn concurrency(&self) -> NonZeroUsize {
        self.concurrency.unwrap_or(NonZeroUsize::MIN)
    }

    /// Maximum number of waiting runs.
    pub(crate) fn queue_capacity(&self) -> usize {
        self.queue_capacity.unwrap_or(16)
    }

    pub(crate) fn interval(&self) -> Option<Duration> {
        self.interval.map(|interval| interval.0.0)
    }

    pub(crate) fn backoff(&self) -> RestartBackoff {
        let config = self.backoff.unwrap_or_default();
        RestartBackoff {
            initial_backoff: config.initial_backoff.0.0,
            max_backoff: config.max_backoff.0.0,
            multiplier: config.multiplier,
            jitter: match config.jitter {
                JitterConfig::None => engine::Jitter::None,
                JitterConfig::Full => engine::Jitter::Full,
                JitterConfig::Equal => engine::Jitter::Equal,
                JitterConfig::Decorrelated => engine::Jitter::Decorrelated,
            },
            max_retries: config.max_retries,
        }
    }

    pub(crate) fn admission(&self) -> engine::Admission {
        match self.admission.unwrap_or_default() {
            AdmissionConfig::Queue => engine::Admission::Queue,
            AdmissionConfig::Replace => engine::Admission::Replace,
            AdmissionConfig::Reject => engine::Admission::Reject,
        }
    }

    /// The schedule, as a type of the engine.
    pub(crate) fn when(&self) -> engine::Schedule {
        match (self.schedule, self.interval()) {
            (ScheduleConfig::Interval, Some(interval)) => engine::Schedule::Interval {
                interval,
                admission: self.admission(),
                queue_capacity: self.queue_capacity(),
            },
            (ScheduleConfig::Restart, _) => engine::Schedule::Restart {
                backoff: self.backoff(),
            },
            // The checks reject an interval schedule without `interval`.
            (ScheduleConfig::Once | ScheduleConfig::Interval, _) => engine::Schedule::Once {
                repeat: self.repeat.unwrap_or(NonZeroU64::MIN),
            },
        }
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        match (self.timeout, self.schedule) {
            (Some(timeout), _) => timeout.0.0,
            (None, ScheduleConfig::Restart) => None,
            (None, _) => Some(Duration::from_secs(300)),
        }
    }
}
