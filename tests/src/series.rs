//! The series that follow from records. The code here counts them, bucket by bucket in
//! milliseconds, without the code under test.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

use crate::exposition::{Sample, samples};

const STARTED: &str = "solti_runner_tasks_started_total";
const COMPLETED: &str = "solti_runner_tasks_completed_total";
const DURATION: &str = "solti_runner_task_duration_seconds";
const ERRORS: &str = "solti_runner_errors_total";

const BOUNDS_MS: [u64; 15] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    3_600_000,
];

/// Values by name and labels. `le` is a number.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Series(BTreeMap<(String, BTreeMap<String, String>), f64>);

impl Series {
    /// The series of a counting backend after these events. Its counters exist before
    /// their first increment.
    ///
    /// # Errors
    ///
    /// When an event has no known series.
    pub fn of(events: &[Event]) -> Result<Self> {
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

    /// Reads an exposition in OpenMetrics in which each sample has labels.
    ///
    /// # Errors
    ///
    /// When a line is not a sample, when a series occurs twice, or when the last line is
    /// not `# EOF`.
    pub fn read(text: &str) -> Result<Self> {
        let body = text.strip_suffix("# EOF\n").context("no # EOF")?;
        Self::of_samples(&samples(body)?)
    }

    /// The series of these samples. Each sample has labels.
    ///
    /// # Errors
    ///
    /// When a sample has no labels, or occurs twice.
    pub fn of_samples(samples: &[Sample<'_>]) -> Result<Self> {
        let mut series = Self::default();
        for sample in samples {
            ensure!(!sample.labels.is_empty(), "no labels: {}", sample.series);
            let before = series.len();
            series.add(sample.name, &sample.labels, sample.number()?)?;
            ensure!(series.len() > before, "duplicate series: {}", sample.series);
        }
        Ok(series)
    }

    /// Adds to a series, and creates a missing one.
    ///
    /// # Errors
    ///
    /// When a label occurs twice, or the bound of a bucket is not a number.
    pub fn add(&mut self, name: &str, labels: &[(&str, &str)], by: f64) -> Result<()> {
        let mut identity = BTreeMap::new();
        for &(name, text) in labels {
            let text = match name {
                "le" => text.parse::<f64>()?.to_string(),
                _ => text.to_owned(),
            };
            let twice = identity.insert(name.to_owned(), text).is_some();
            ensure!(!twice, "duplicate label {name} in {labels:?}");
        }
        *self.0.entry((name.to_owned(), identity)).or_default() += by;
        Ok(())
    }

    /// Adds the other series, multiplied by `times`.
    #[must_use]
    pub fn plus(mut self, others: &Self, times: u64) -> Self {
        for (key, value) in &others.0 {
            *self.0.entry(key.clone()).or_default() += value * times as f64;
        }
        self
    }

    /// The series without zeros. `and_buckets` also removes the zeros of buckets.
    #[must_use]
    pub fn without_zeros(mut self, and_buckets: bool) -> Self {
        self.0.retain(|(_, labels), value| {
            *value != 0.0 && !(and_buckets && labels.contains_key("le"))
        });
        self
    }

    /// The series without those whose label has this text.
    #[must_use]
    pub fn without(mut self, label: &str, text: &str) -> Self {
        self.0
            .retain(|(_, labels), _| labels.get(label).is_none_or(|found| found != text));
        self
    }

    /// The series without those of this name.
    #[must_use]
    pub fn without_name(mut self, name: &str) -> Self {
        self.0.retain(|(found, _), _| found != name);
        self
    }

    /// The series of a store after newer samples.
    #[must_use]
    pub fn then(mut self, newer: Self) -> Self {
        self.0.extend(newer.0);
        self
    }

    /// Number of series.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no caller needs it")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Reports each difference. Sums of seconds may differ by rounding.
    ///
    /// # Errors
    ///
    /// When the series differ.
    pub fn must_equal(&self, found: &Self) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_the_form_of_numbers_do_not_matter() -> Result<()> {
        let one = "a{x=\"y\",le=\"10\"} 1\na{le=\"+Inf\",x=\"y\"} 2.0\n# EOF\n";
        let other =
            "# TYPE a histogram\na{x=\"y\",le=\"+Inf\"} 2\na{le=\"10.0\",x=\"y\"} 1\n# EOF\n";
        ensure!(Series::read(one)? == Series::read(other)?);
        Ok(())
    }

    #[test]
    fn a_duplicate_series_or_a_missing_end_is_an_error() {
        assert!(Series::read("a{x=\"y\"} 1\na{x=\"y\"} 1\n# EOF\n").is_err());
        assert!(Series::read("a{x=\"y\"} 1\n").is_err());
        assert!(Series::read("a 1\n# EOF\n").is_err());
    }
}
