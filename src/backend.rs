use std::sync::Arc;
use std::time::Duration;

use crate::{BatchError, Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// How long a backend with a thread of its own may go on after it is dropped: 5 s.
///
/// The page of the module `exporter` has the rule that `OtlpMetrics`, `StatsdMetrics` and
/// the host's `ComponentBackend` follow. A process that ends earlier loses the records that
/// still wait: to be certain, shut the backend down, which waits for as long as the caller
/// says.
pub const DROP_WITHIN: Duration = Duration::from_secs(5);

/// Where records go: the one trait that everything here speaks.
///
/// Recording cannot fail. An implementation must not panic, must not block on
/// input or output, and must accept records in any order; it is called from
/// many threads at once.
///
/// A guest in a sandbox and native code write against this same trait; the WIT
/// interface `solti:metrics/backend` mirrors it function for function, and
/// `solti:metrics/batch` has the one for many records.
pub trait MetricsBackend: Send + Sync + 'static {
    /// A submitted task has begun to execute.
    fn record_task_started(&self, runner_type: RunnerType);

    /// A task has ended, in any of the four ways, after running for
    /// `duration_ms` milliseconds of a monotonic clock.
    fn record_task_completed(
        &self,
        runner_type: RunnerType,
        outcome: TaskOutcome,
        duration_ms: u64,
    );

    /// A runner has failed to set a task up, or to clean up after it.
    ///
    /// A task that ran and failed is recorded as completed, with
    /// [`TaskOutcome::Failure`], and never here.
    fn record_runner_error(&self, runner_type: RunnerType, error_kind: RunnerErrorKind);

    /// Takes records in their order, as one call for each of them would.
    ///
    /// That is what it does unless an implementation knows better: one lock for
    /// all of them, say, or one addition for all of a kind. Whoever calls through a
    /// pointer pays for one such call, and not for one of each record. Records of
    /// other threads may come in between.
    ///
    /// # Errors
    ///
    /// If the backend has panicked, which it must not do. The default loses the record at
    /// which the backend panics, records those behind it, and returns how many were lost.
    /// An implementation of its own returns `Ok(())`, unless it has caught a panic; records
    /// that it drops for a reason of its own are not an error.
    ///
    /// # Panics
    ///
    /// An implementation that panics here has lost the whole batch. Callers that must not
    /// panic call [`BatchError::catch`].
    #[inline]
    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        BatchError::record_each(events, |event| event.record_into(self))
    }

    /// Whether a batch costs less here than as many calls: for whoever has records
    /// at hand, and the choice. What comes of them is the same.
    #[inline]
    fn prefers_batches(&self) -> bool {
        false
    }
}

/// A shared backend: kept in whatever builds tasks, cloned into each of them.
pub type MetricsHandle = Arc<dyn MetricsBackend>;

impl BatchError {
    /// Hands a batch to a backend, and catches a panic of
    /// [`record_batch`](MetricsBackend::record_batch) itself, which loses the whole batch.
    ///
    /// # Errors
    ///
    /// If records are lost by panics: never more of them than the batch has.
    #[inline]
    pub fn catch<B: MetricsBackend + ?Sized>(backend: &B, events: &[Event]) -> Result<(), Self> {
        Self::contain(events.len(), || backend.record_batch(events))
    }
}

impl Event {
    /// Makes the call that this event stands for.
    #[inline]
    pub fn record_into<B: MetricsBackend + ?Sized>(self, backend: &B) {
        match self {
            Self::TaskStarted { runner } => backend.record_task_started(runner),
            Self::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => backend.record_task_completed(runner, outcome, duration_ms),
            Self::RunnerError { runner, error } => backend.record_runner_error(runner, error),
        }
    }
}

/// Passes every record through a pointer.
macro_rules! forward_to_pointee {
    ($($generics:tt)*) => {
        impl<T: MetricsBackend + ?Sized> MetricsBackend for $($generics)* {
            #[inline]
            fn record_task_started(&self, runner_type: RunnerType) {
                (**self).record_task_started(runner_type);
            }

            #[inline]
            fn record_task_completed(
                &self,
                runner_type: RunnerType,
                outcome: TaskOutcome,
                duration_ms: u64,
            ) {
                (**self).record_task_completed(runner_type, outcome, duration_ms);
            }

            #[inline]
            fn record_runner_error(&self, runner_type: RunnerType, error_kind: RunnerErrorKind) {
                (**self).record_runner_error(runner_type, error_kind);
            }

            #[inline]
            fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
                (**self).record_batch(events)
            }

            #[inline]
            fn prefers_batches(&self) -> bool {
                (**self).prefers_batches()
            }
        }
    };
}

forward_to_pointee!(Arc<T>);
forward_to_pointee!(Box<T>);
forward_to_pointee!(&'static T);
