//! The trait [`MetricsBackend`], and the handle through which code shares a backend.

use std::sync::Arc;
use std::time::Duration;

use crate::{BatchError, Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// Maximum time that a dropped backend with its own thread continues: 5 s.
///
/// The module `exporter` documents the rule that `OtlpMetrics`, `StatsdMetrics` and the
/// host's `ComponentBackend` follow. A process that ends earlier loses the records that still
/// wait. To avoid this loss, shut the backend down: the shutdown waits for as long as the
/// caller specifies.
pub const DROP_WITHIN: Duration = Duration::from_secs(5);

/// The destination of records: the one trait of all backends, wrappers and guests.
///
/// Recording cannot fail. An implementation must not panic, must not block on input or
/// output, and must accept records in any order. Many threads call it at once.
///
/// A guest in a sandbox and native code use this same trait. The WIT interface
/// `solti:metrics/backend` mirrors it function for function, and `solti:metrics/batch` has
/// the function for many records.
pub trait MetricsBackend: Send + Sync + 'static {
    /// Records that a submitted task has started to execute.
    fn record_task_started(&self, runner_type: RunnerType);

    /// Records that a task has ended, with any of the four outcomes, after `duration_ms`
    /// milliseconds of a monotonic clock.
    fn record_task_completed(
        &self,
        runner_type: RunnerType,
        outcome: TaskOutcome,
        duration_ms: u64,
    );

    /// Records that a runner failed to set a task up, or to clean up after it.
    ///
    /// A task that ran and failed is recorded as completed, with [`TaskOutcome::Failure`],
    /// and never here.
    fn record_runner_error(&self, runner_type: RunnerType, error_kind: RunnerErrorKind);

    /// Takes records in their order, like one call for each record.
    ///
    /// The default makes one call for each record. An implementation can be cheaper: for
    /// example, one lock for the whole batch, or one addition for all records of a kind. A
    /// caller through a pointer pays for one such call instead of one for each record.
    /// Records of other threads can come between those of the batch.
    ///
    /// # Errors
    ///
    /// If the backend has panicked, which is a violation of its contract. The default loses
    /// the record at which the backend panics, continues with the next one, and returns the
    /// number of lost records. An implementation of its own returns `Ok(())`, unless it has
    /// caught a panic. Records that a backend drops for its own reasons are not an error.
    ///
    /// # Panics
    ///
    /// An implementation that panics here loses the whole batch. Callers that must not panic
    /// call [`BatchError::catch`].
    #[inline]
    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        BatchError::record_each(events, |event| event.record_into(self))
    }

    /// Whether this backend takes a batch at a lower cost than single calls. Callers that
    /// already have several records use this to choose; the recorded result is the same.
    #[inline]
    fn prefers_batches(&self) -> bool {
        false
    }
}

/// A shared backend: held by the code that builds tasks, cloned into each task.
pub type MetricsHandle = Arc<dyn MetricsBackend>;

impl BatchError {
    /// Passes a batch to a backend, and catches a panic of
    /// [`record_batch`](MetricsBackend::record_batch) itself, which loses the whole batch.
    ///
    /// # Errors
    ///
    /// If panics lost records. The error never counts more records than the batch has.
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

/// Forwards every record through a pointer.
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
