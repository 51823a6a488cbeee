//! A backend that passes each record to several backends.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    BatchError, Event, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// One backend made of several. Each record goes to all of them, in the given order. A batch
/// goes as a whole to the first backend, then to the next.
///
/// A backend that panics loses the current record. The other backends still receive it, and
/// [`FanoutMetrics::panicked`] counts the loss. Of a batch, the backend loses the records
/// that [`BatchError`] states.
///
/// ```
/// use std::sync::Arc;
/// use solti_metrics::{FanoutMetrics, MemoryMetrics, MetricsBackend, RunnerType};
///
/// let (left, right) = (Arc::new(MemoryMetrics::new()), Arc::new(MemoryMetrics::new()));
/// let both = FanoutMetrics::new([left.clone() as _, right.clone() as _]);
/// both.record_task_started(RunnerType::Container);
/// assert_eq!(left.events(), right.events());
/// ```
#[derive(Default)]
pub struct FanoutMetrics {
    backends: Box<[MetricsHandle]>,
    /// Counts that depend on no other value, and therefore have relaxed accesses.
    panicked: Box<[AtomicU64]>,
}

impl FanoutMetrics {
    /// Passes records to these backends. Without backends, it is a no-op.
    pub fn new(backends: impl IntoIterator<Item = MetricsHandle>) -> Self {
        let backends: Box<[_]> = backends.into_iter().collect();
        let panicked = backends.iter().map(|_| AtomicU64::new(0)).collect();
        Self { backends, panicked }
    }

    /// The backends, in the order of the calls.
    #[must_use]
    pub fn backends(&self) -> &[MetricsHandle] {
        &self.backends
    }

    /// Number of records that each backend lost by panicking, in the same order.
    pub fn panicked(&self) -> impl ExactSizeIterator<Item = u64> {
        self.panicked
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
    }

    #[inline]
    fn each(&self, record: impl Fn(&dyn MetricsBackend)) {
        for (backend, panicked) in self.backends.iter().zip(&self.panicked) {
            if catch_unwind(AssertUnwindSafe(|| record(&**backend))).is_err() {
                panicked.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl fmt::Debug for FanoutMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FanoutMetrics")
            .field("backends", &self.backends.len())
            .finish()
    }
}

impl MetricsBackend for FanoutMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        self.each(|backend| backend.record_task_started(runner));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.each(|backend| backend.record_task_completed(runner, outcome, duration_ms));
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.each(|backend| backend.record_runner_error(runner, error));
    }

    /// Always succeeds: records that a backend loses are counted for that backend.
    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        for (backend, panicked) in self.backends.iter().zip(&self.panicked) {
            if let Err(error) = BatchError::catch(&**backend, events) {
                panicked.fetch_add(error.records() as u64, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn prefers_batches(&self) -> bool {
        self.backends
            .iter()
            .any(|backend| backend.prefers_batches())
    }
}
