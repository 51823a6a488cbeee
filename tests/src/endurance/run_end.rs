use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde_json::Value;

/// The log entry of a run's end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RunEnd {
    /// The task's name.
    pub(super) task: String,
    /// Time of the run, in milliseconds.
    pub(super) ms: f64,
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
}

impl RunEnd {
    /// The ends of all runs in a log.
    pub(super) fn all(log: &str) -> impl Iterator<Item = Result<Self>> {
        let entries = log.lines().map(serde_json::from_str::<Value>);
        let ends = entries.filter_map(Result::ok).filter(Self::is);
        ends.map(|entry| Self::of(&entry))
    }

    /// Returns whether an entry is the end of a run.
    pub(super) fn is(entry: &Value) -> bool {
        entry["message"] == "run ended"
    }

    /// Reads the entry of a run's end.
    pub(super) fn of(entry: &Value) -> Result<Self> {
        let ms = entry["duration_ms"].as_f64().context("no duration")?;
        let at = entry["timestamp"].as_str().context("no time of the end")?;
        let ended = humantime::parse_rfc3339(at)?;
        Ok(Self {
            task: entry["task"].as_str().context("a task")?.to_owned(),
            ms,
            began: ended - Duration::from_secs_f64(ms / 1e3),
            ended,
        })
    }
}
