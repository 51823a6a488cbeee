//! The crate `prometheus`, used as its documentation shows: it looks series up by the
//! values of labels.

use std::collections::HashMap;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};
use solti_metrics::PrometheusMetrics;

use crate::bench::{Arrived, Result};

/// Metrics by their names.
#[derive(Clone)]
pub(super) struct Labelled {
    metrics: HashMap<String, Completed>,
}

/// The counter and the histogram of completed tasks.
#[derive(Clone)]
pub(super) struct Completed {
    tasks: IntCounterVec,
    durations: HistogramVec,
}

/// The name of the metric, for rows that pass a name.
pub(super) const NAME: &str = "task_completed";

/// Labels, in their order.
pub(super) const LABELS: [&str; 2] = ["runner", "outcome"];

impl Labelled {
    pub(super) fn new() -> Result<Self> {
        let metrics = HashMap::from([(NAME.to_owned(), Completed::new()?)]);
        Ok(Self { metrics })
    }

    pub(super) fn metric(&self, name: &str) -> Result<&Completed> {
        let found = self.metrics.get(name);
        found.ok_or_else(|| format!("no metric `{name}`").into())
    }

    pub(super) fn arrived(&self) -> Result<Arrived> {
        self.metric(NAME)?.arrived()
    }
}

impl Completed {
    pub(super) fn new() -> Result<Self> {
        let tasks = Opts::new("tasks_completed", "Tasks that ended.");
        let durations = HistogramOpts::new("task_duration_seconds", "How long tasks ran.")
            .buckets(PrometheusMetrics::BUCKETS.to_vec());
        Ok(Self {
            tasks: IntCounterVec::new(tasks, &LABELS)?,
            durations: HistogramVec::new(durations, &LABELS)?,
        })
    }

    /// Looks both series up and adds to them.
    pub(super) fn record(&self, labels: &[&str], duration_ms: u64) -> Result<()> {
        let tasks = self.tasks.get_metric_with_label_values(labels)?;
        tasks.inc();
        let durations = self.durations.get_metric_with_label_values(labels)?;
        durations.observe(duration_ms as f64 / 1e3);
        Ok(())
    }

    /// Looks both series up once.
    pub(super) fn resolved(&self, labels: &[&str]) -> Result<Resolved> {
        Ok(Resolved {
            tasks: self.tasks.get_metric_with_label_values(labels)?,
            durations: self.durations.get_metric_with_label_values(labels)?,
        })
    }

    pub(super) fn arrived(&self) -> Result<Arrived> {
        self.resolved(&["wasm", "success"])?.arrived()
    }
}

/// Two series that were looked up once.
#[derive(Clone)]
pub(super) struct Resolved {
    tasks: prometheus::IntCounter,
    durations: prometheus::Histogram,
}

impl Resolved {
    pub(super) fn record(&self, duration_ms: u64) {
        self.tasks.inc();
        self.durations.observe(duration_ms as f64 / 1e3);
    }

    pub(super) fn arrived(&self) -> Result<Arrived> {
        let count = self.durations.get_sample_count();
        if self.tasks.get() != count {
            return Err("the counter and the histogram differ".into());
        }
        let sum_ms = (self.durations.get_sample_sum() * 1e3).round() as u64;
        Ok(Arrived::Records { count, sum_ms })
    }
}
