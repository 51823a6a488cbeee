//! A backend that another backend can replace at any time.

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError};

use crate::sync::{RwLock, RwLockReadGuard};
use crate::{
    BatchError, Event, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// A backend that another backend can replace while records come.
///
/// Each record goes to one of both backends, as a whole. When [`replace`](Self::replace)
/// returns, the previous backend receives no more records. It can be shut down then, and its
/// ledger is complete.
///
/// ```
/// use std::sync::Arc;
/// use solti_metrics::{MemoryMetrics, MetricsBackend, ReplaceableMetrics, RunnerType};
///
/// let [old, new] = [(); 2].map(|()| Arc::new(MemoryMetrics::new()));
/// let metrics = ReplaceableMetrics::new(old.clone());
/// metrics.record_task_started(RunnerType::Wasm);
/// metrics.replace(new.clone());
/// metrics.record_task_started(RunnerType::Container);
/// assert_eq!(old.started(RunnerType::Wasm), 1);
/// assert_eq!(new.started(RunnerType::Container), 1);
/// ```
pub struct ReplaceableMetrics(RwLock<MetricsHandle>);

impl ReplaceableMetrics {
    /// Passes records to this backend, until it is replaced.
    #[must_use]
    pub fn new(backend: MetricsHandle) -> Self {
        Self(RwLock::new(backend))
    }

    /// Passes later records to this backend. Returns the previous one.
    ///
    /// The call waits for records in progress, which never wait themselves. A backend must
    /// not call this function while it records.
    pub fn replace(&self, backend: MetricsHandle) -> MetricsHandle {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // The caller drops the previous backend, after the lock is released: this can be its
        // last reference.
        mem::replace(&mut *now, backend)
    }

    /// Replaces the backend if it is `old`, by identity. Returns whether it was.
    pub fn replace_if(&self, old: &MetricsHandle, new: &MetricsHandle) -> bool {
        // If the backend is another one, no record has to wait.
        if !Arc::ptr_eq(&*self.now(), old) {
            return false;
        }
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_it = Arc::ptr_eq(&*now, old);
        if is_it {
            // The caller holds the new backend, too, so this assignment drops no backend.
            *now = Arc::clone(new);
        }
        is_it
    }

    /// The current backend.
    #[must_use]
    pub fn backend(&self) -> MetricsHandle {
        Arc::clone(&*self.now())
    }

    /// A panic of a backend cannot leave the value inconsistent, because recording does not
    /// change it.
    fn now(&self) -> RwLockReadGuard<'_, MetricsHandle> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ReplaceableMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceableMetrics").finish_non_exhaustive()
    }
}

impl MetricsBackend for ReplaceableMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        self.now().record_task_started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.now()
            .record_task_completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.now().record_runner_error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.now().record_batch(events)
    }

    fn prefers_batches(&self) -> bool {
        self.now().prefers_batches()
    }
}

#[cfg(all(test, loom))]
mod models;

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::thread;

    use super::*;
    use crate::MemoryMetrics;

    #[test]
    fn each_record_reaches_one_of_both() {
        let (old, new) = (
            Arc::new(MemoryMetrics::new()),
            Arc::new(MemoryMetrics::new()),
        );
        let metrics = ReplaceableMetrics::new(old.clone());
        thread::scope(|scope| {
            let recording = scope.spawn(|| {
                for _ in 0..10_000 {
                    metrics.record_task_started(RunnerType::Wasm);
                }
            });
            metrics.replace(new.clone());
            let after = old.started(RunnerType::Wasm);
            assert!(recording.join().is_ok());
            assert_eq!(old.started(RunnerType::Wasm), after, "nothing comes late");
        });
        let both = old.started(RunnerType::Wasm) + new.started(RunnerType::Wasm);
        assert_eq!(both, 10_000);
    }

    #[test]
    fn only_the_backend_that_is_named_is_replaced() {
        let all = [(); 3].map(|()| Arc::new(MemoryMetrics::new()));
        let [old, new, other] = all.clone().map(|it| it as MetricsHandle);
        for (backend, replaced) in [(&old, true), (&other, false)] {
            let metrics = ReplaceableMetrics::new(Arc::clone(backend));
            assert_eq!(metrics.replace_if(&old, &new), replaced);
            let runner = RunnerType::Wasm;
            let recorded = metrics.record_batch(&[Event::TaskStarted { runner }]);
            assert_eq!(recorded, Ok(()));
        }
        let started = all.map(|it| it.started(RunnerType::Wasm));
        assert_eq!(started, [0, 1, 1]);
    }

    /// Panics at every record.
    struct Delicate;

    impl MetricsBackend for Delicate {
        fn record_task_started(&self, _: RunnerType) {
            resume_unwind(Box::new("no"));
        }
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
    }

    #[test]
    fn a_backend_that_panicked_can_be_replaced() {
        let metrics = ReplaceableMetrics::new(Arc::new(Delicate));
        let record = || metrics.record_task_started(RunnerType::Wasm);
        assert!(catch_unwind(AssertUnwindSafe(record)).is_err());
        let memory = Arc::new(MemoryMetrics::new());
        metrics.replace(memory.clone());
        record();
        assert_eq!(memory.started(RunnerType::Wasm), 1);
    }
}
