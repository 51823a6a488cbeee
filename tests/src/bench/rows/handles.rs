//! The crate `prometheus-client` at its fastest: each series is looked up once.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use solti_metrics::{MetricsBackend, PrometheusMetrics, RunnerErrorKind, RunnerType, TaskOutcome};

use crate::bench::{Arrived, Result};
use crate::exposition::value;

/// The counter and the histogram of the rows' records.
pub(super) struct Handles {
    tasks: Counter,
    durations: Histogram,
}

impl Handles {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            tasks: Counter::default(),
            durations: Histogram::new(PrometheusMetrics::BUCKETS),
        })
    }

    pub(super) fn arrived(&self) -> Result<Arrived> {
        let mut registry = Registry::default();
        registry.register("duration", "", self.durations.clone());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry)?;
        let sum = value(&text, "duration_sum").map_err(|error| format!("{error:#}"))?;
        Ok(Arrived::Records {
            count: self.tasks.get(),
            sum_ms: (sum * 1e3).round() as u64,
        })
    }
}

impl MetricsBackend for Handles {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, duration_ms: u64) {
        self.tasks.inc();
        self.durations.observe(duration_ms as f64 / 1e3);
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}
