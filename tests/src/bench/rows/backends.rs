//! The backends of the rows, and their counts.

use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics::{
    Event, ExpositionFormat, MetricsBackend, PrometheusMetrics, RunnerErrorKind, RunnerType,
    TaskOutcome,
};

use crate::bench::{Arrived, Result};
use crate::exposition::value;

/// A backend with two relaxed additions: the least work of a backend.
#[derive(Default)]
pub(super) struct Atomics {
    count: AtomicU64,
    sum: AtomicU64,
}

impl Atomics {
    pub(super) fn arrived(&self) -> Arrived {
        Arrived::Records {
            count: self.count.load(Ordering::Relaxed),
            sum_ms: self.sum.load(Ordering::Relaxed),
        }
    }
}

impl MetricsBackend for Atomics {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, duration_ms: u64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(duration_ms, Ordering::Relaxed);
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}

/// The event that the guests of the rows record.
pub(super) fn completed(duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome: TaskOutcome::Success,
        duration_ms,
    }
}

/// The records that a scrape of this backend shows.
pub(in crate::bench) fn scraped(metrics: &PrometheusMetrics) -> Result<Arrived> {
    let text = metrics.encode(ExpositionFormat::Text)?;
    let sample = |name: &str| -> Result<f64> {
        let labels = r#"{runner="wasm",outcome="success"}"#;
        let series = format!("solti_runner_task_duration_seconds_{name}{labels}");
        value(&text, &series).map_err(|error| format!("{error:#}").into())
    };
    Ok(Arrived::Records {
        count: sample("count")? as u64,
        sum_ms: (sample("sum")? * 1e3).round() as u64,
    })
}
