//! The series that follow from what was recorded: counted here, bucket by bucket
//! in milliseconds, without the code under test.

use std::collections::BTreeMap;

use anyhow::{Result, bail, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

const STARTED: &str = "solti_runner_tasks_started_total";
const COMPLETED: &str = "solti_runner_tasks_completed_total";
const DURATION: &str = "solti_runner_task_duration_seconds";
const ERRORS: &str = "solti_runner_errors_total";

const BOUNDS_MS: [u64; 15] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    3_600_000,
];

/// Values by name and labels; `le` as a number.
#[derive(Debug, Default, Clone)]
pub(crate) struct Series(BTreeMap<(String, BTreeMap<String, String>), f64>);

impl Series {
    /// What a counting backend shows that was given these events. Its counters
    /// are there before their first increment.
    pub(crate) fn of(events: &[Event]) -> Result<Self> {
        let mut series = Self::default();
        for runner in RunnerType::ALL.map(RunnerType::as_label) {
            series.add(STARTED, &[("runner", runner)], 0.0)?;
            for outcome in TaskOutcome::ALL.map(|outcome| outcome.as_label()) {
                series.add(COMPLETED, &[("runner", runner), ("outcome", outcome)], 0.0)?;
            }
            for error in RunnerErrorKind::ALL.map(RunnerErrorKind::as_label) {
                series.add(ERRORS, &[("runner", runner), ("error", error)], 0.0)?;
            }
        }
        for event in events {
            series.count(*event)?;
        }
        Ok(series)
    }

    fn count(&mut self, event: Event) -> Result<()> {
        let runner = ("runner", event.runner().as_label());
        match event {
            Event::TaskStarted { .. } => self.add(STARTED, &[runner], 1.0),
            Event::TaskCompleted {
                outcome,
                duration_ms,
                ..
            } => {
                let labels = [runner, ("outcome", outcome.as_label())];
                self.add(COMPLETED, &labels, 1.0)?;
                self.observe(labels, duration_ms)
            }
            Event::RunnerError { error, .. } => {
                self.add(ERRORS, &[runner, ("error", error.as_label())], 1.0)
            }
            other => bail!("no series are known for {other:?}"),
        }
    }

    fn observe(&mut self, of: [(&str, &str); 2], duration_ms: u64) -> Result<()> {
        let (count, sum) = (format!("{DURATION}_count"), format!("{DURATION}_sum"));
        self.add(&count, &of, 1.0)?;
        self.add(&sum, &of, duration_ms as f64 / 1000.0)?;
        let bucket = format!("{DURATION}_bucket");
        for bound in BOUNDS_MS {
            let le = (bound as f64 / 1000.0).to_string();
            let within = if duration_ms <= bound { 1.0 } else { 0.0 };
            self.add(&bucket, &[of[0], of[1], ("le", &le)], within)?;
        }
        self.add(&bucket, &[of[0], of[1], ("le", "+Inf")], 1.0)
    }

    /// Adds to a series, which may be new.
    pub(crate) fn add(&mut self, name: &str, labels: &[(&str, &str)], by: f64) -> Result<()> {
        let mut identity = BTreeMap::new();
        for &(name, text) in labels {
            let text = match name {
                "le" => text.parse::<f64>()?.to_string(),
                _ => text.to_owned(),
            };
            let twice = identity.insert(name.to_owned(), text).is_some();
            ensure!(!twice, "{name} twice in {labels:?}");
        }
        *self.0.entry((name.to_owned(), identity)).or_default() += by;
        Ok(())
    }

    /// What a store shows once newer samples have come.
    pub(crate) fn then(mut self, newer: Self) -> Self {
        self.0.extend(newer.0);
        self
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Says every difference. Sums of seconds may be off by rounding.
    pub(crate) fn must_equal(&self, found: &Self) -> Result<()> {
        let mut differences = Vec::new();
        for key in self.0.keys().chain(found.0.keys()) {
            let (expected, found) = (self.0.get(key), found.0.get(key));
            let equal = match (expected, found) {
                (Some(expected), Some(found)) => (expected - found).abs() <= expected.abs() * 1e-12,
                _ => false,
            };
            if !equal {
                differences.push(format!("{key:?}: {found:?} instead of {expected:?}"));
            }
        }
        let first = differences.len().min(9);
        ensure!(
            differences.is_empty(),
            "{} differ, first of all\n{}",
            differences.len(),
            differences[..first].join("\n")
        );
        Ok(())
    }
}
