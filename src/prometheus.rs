use std::sync::Arc;

use prometheus_client::registry::Registry;

use crate::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod exposition;
mod series;

use series::Series;

pub use exposition::{EncodeError, Exposition};

/// A backend that is scraped by Prometheus, on top of `prometheus-client`.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `solti_runner_tasks_started_total` | counter | `runner` |
/// | `solti_runner_tasks_completed_total` | counter | `runner`, `outcome` |
/// | `solti_runner_task_duration_seconds` | histogram | `runner`, `outcome` |
/// | `solti_runner_errors_total` | counter | `runner`, `error` |
///
/// Every counter exists from the beginning, at zero, so that a rate over it
/// sees the first increment; a histogram appears with its first observation.
/// All labels are known beforehand: recording resolves none, and neither
/// allocates nor locks on a counter. (`prometheus-client` guards the buckets of
/// a histogram with a mutex of its own.)
///
/// ```
/// use solti_metrics::{Exposition, MetricsBackend, PrometheusMetrics, RunnerType};
///
/// let metrics = PrometheusMetrics::new();
/// metrics.record_task_started(RunnerType::Wasm);
/// let text = metrics.encode(Exposition::OpenMetrics)?;
/// assert!(text.contains(r#"solti_runner_tasks_started_total{runner="wasm"} 1"#));
/// # Ok::<(), solti_metrics::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct PrometheusMetrics {
    registry: Registry,
    series: Arc<Series>,
}

impl PrometheusMetrics {
    /// Upper bounds of the duration buckets, in seconds.
    pub const BUCKETS: [f64; 15] = [
        0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0,
    ];

    /// A backend with a registry of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::with_registry(Registry::default())
    }

    /// A backend whose metrics stand in `registry`, beside whatever is
    /// registered there already.
    #[must_use]
    pub fn with_registry(mut registry: Registry) -> Self {
        let series = Arc::new(Series::default());
        registry.register_collector(Box::new(Arc::clone(&series)));
        Self { registry, series }
    }

    /// The registry, for whoever encodes it with other means.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Everything recorded so far, as text, in an order that does not change.
    ///
    /// # Errors
    ///
    /// When a collector that somebody else registered fails to encode itself;
    /// the metrics of this type cannot.
    pub fn encode(&self, exposition: Exposition) -> Result<String, EncodeError> {
        exposition.encode(&self.registry)
    }
}

impl Default for PrometheusMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsBackend for PrometheusMetrics {
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        self.series.started(runner).inc();
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.series.completed(runner, outcome).inc();
        self.series
            .durations(runner, outcome)
            .observe(seconds(duration_ms));
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.series.errors(runner, error).inc();
    }
}

/// Milliseconds as seconds: exact to the millisecond up to 2^53 ms, which is
/// 285,000 years.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn seconds(duration_ms: u64) -> f64 {
    duration_ms as f64 / 1000.0
}
