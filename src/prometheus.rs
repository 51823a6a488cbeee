//! The Prometheus backend.

use prometheus_client::registry::Registry;

use crate::totals::Shards;
use crate::{
    BatchError, DURATION_BUCKETS, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

mod exposition;
mod series;
mod text;

pub use exposition::{EncodeError, ExpositionFormat};
pub use text::{NotOpenMetrics, TextFromOpenMetrics};

/// A backend that Prometheus scrapes, based on `prometheus-client`.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `solti_runner_tasks_started_total` | counter | `runner` |
/// | `solti_runner_tasks_completed_total` | counter | `runner`, `outcome` |
/// | `solti_runner_task_duration_seconds` | histogram | `runner`, `outcome` |
/// | `solti_runner_errors_total` | counter | `runner`, `error` |
///
/// Every counter exists from the start, at zero, so that a rate over it sees the first
/// increment. A histogram appears with its first observation. All labels are known in
/// advance: recording resolves no labels, allocates nothing and takes no lock. A batch is
/// summed up first, and then each series of the batch is increased once.
///
/// # Consistency of a scrape
///
/// A record is one or two atomic additions: to a counter, or to a bucket and then to the sum.
/// Threads add to different copies of a series where possible, and a scrape adds up the
/// copies. A scrape includes all records from before it, and can include records in progress.
/// Within a scrape, `_count`, the bucket `+Inf` and `solti_runner_tasks_completed_total` are
/// equal. `_sum` can lag behind by records in progress, and is never ahead.
///
/// The sum is stored in whole milliseconds, and therefore is exact. It does not depend on the
/// order of additions, and a long duration does not truncate short ones. The sum stops at
/// `u64::MAX` ms, which is 585 million years.
///
/// ```
/// use solti_metrics::{ExpositionFormat, MetricsBackend, PrometheusMetrics, RunnerType};
///
/// let metrics = PrometheusMetrics::new();
/// metrics.record_task_started(RunnerType::Wasm);
/// let text = metrics.encode(ExpositionFormat::OpenMetrics)?;
/// assert!(text.contains(r#"solti_runner_tasks_started_total{runner="wasm"} 1"#));
/// # Ok::<(), solti_metrics::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct PrometheusMetrics {
    registry: Registry,
    shards: Shards,
}

impl PrometheusMetrics {
    /// Upper bounds of the duration buckets, in seconds.
    pub const BUCKETS: [f64; 15] = DURATION_BUCKETS;

    /// A backend with a registry of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::with_registry(Registry::default())
    }

    /// A backend that registers its metrics in `registry`, next to metrics that are already
    /// there.
    #[must_use]
    pub fn with_registry(mut registry: Registry) -> Self {
        let shards = Shards::default();
        registry.register_collector(Box::new(shards.clone()));
        Self { registry, shards }
    }

    /// The registry, for other encoders.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// All records so far as text, in an order that does not change.
    ///
    /// # Errors
    ///
    /// If a collector of another author in the registry fails to encode itself. The metrics
    /// of this type cannot fail.
    pub fn encode(&self, exposition: ExpositionFormat) -> Result<String, EncodeError> {
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
        self.shards.mine().started(runner);
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.shards.mine().completed(runner, outcome, duration_ms);
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.shards.mine().error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.shards.mine().record_batch(events);
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}
