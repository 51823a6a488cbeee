use std::sync::OnceLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod exposition;

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
    started: [Counter; RUNNERS],
    completed: [[Counter; OUTCOMES]; RUNNERS],
    durations: [[OnceLock<Histogram>; OUTCOMES]; RUNNERS],
    duration_family: Family<Labels<2>, Histogram, Buckets>,
    errors: [[Counter; ERRORS]; RUNNERS],
}

const RUNNERS: usize = RunnerType::ALL.len();
const OUTCOMES: usize = TaskOutcome::ALL.len();
const ERRORS: usize = RunnerErrorKind::ALL.len();

/// Label names and values; both are known at compile time.
type Labels<const N: usize> = [(&'static str, &'static str); N];

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

    /// A backend whose metrics stand in `registry`, behind whatever is
    /// registered there already.
    #[must_use]
    pub fn with_registry(mut registry: Registry) -> Self {
        let started = Family::<Labels<1>, Counter>::default();
        let completed = Family::<Labels<2>, Counter>::default();
        let durations = Family::new_with_constructor(Buckets);
        let errors = Family::<Labels<2>, Counter>::default();

        registry.register(
            "solti_runner_tasks_started",
            "Tasks that began to execute",
            started.clone(),
        );
        registry.register(
            "solti_runner_tasks_completed",
            "Tasks that ended, by outcome",
            completed.clone(),
        );
        registry.register_with_unit(
            "solti_runner_task_duration",
            "How long tasks ran, by outcome",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "solti_runner_errors",
            "Failures of a runner's set-up or tear-down, by step",
            errors.clone(),
        );

        Self {
            registry,
            started: RunnerType::ALL
                .map(|runner| started.get_or_create_owned(&[("runner", runner.as_label())])),
            completed: RunnerType::ALL.map(|runner| {
                TaskOutcome::ALL
                    .map(|outcome| completed.get_or_create_owned(&by_outcome(runner, outcome)))
            }),
            durations: Default::default(),
            duration_family: durations,
            errors: RunnerType::ALL.map(|runner| {
                RunnerErrorKind::ALL.map(|error| {
                    errors.get_or_create_owned(&[
                        ("runner", runner.as_label()),
                        ("error", error.as_label()),
                    ])
                })
            }),
        }
    }

    /// The registry, for whoever encodes it with other means.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Everything recorded so far, as text.
    ///
    /// # Errors
    ///
    /// When a collector that somebody else registered fails to encode itself;
    /// the metrics of this type cannot.
    pub fn encode(&self, exposition: Exposition) -> Result<String, EncodeError> {
        exposition.encode(&self.registry)
    }

    fn durations(&self, runner: RunnerType, outcome: TaskOutcome) -> &Histogram {
        self.durations[runner as usize][outcome as usize].get_or_init(|| {
            self.duration_family
                .get_or_create_owned(&by_outcome(runner, outcome))
        })
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
        self.started[runner as usize].inc();
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.completed[runner as usize][outcome as usize].inc();
        self.durations(runner, outcome)
            .observe(seconds(duration_ms));
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.errors[runner as usize][error as usize].inc();
    }
}

/// Milliseconds as seconds: exact to the millisecond up to 2^53 ms, which is
/// 285,000 years.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn seconds(duration_ms: u64) -> f64 {
    duration_ms as f64 / 1000.0
}

fn by_outcome(runner: RunnerType, outcome: TaskOutcome) -> Labels<2> {
    [
        ("runner", runner.as_label()),
        ("outcome", outcome.as_label()),
    ]
}

/// Makes a histogram with the contract's buckets.
#[derive(Debug, Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(PrometheusMetrics::BUCKETS)
    }
}
