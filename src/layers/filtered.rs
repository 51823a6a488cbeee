//! A backend that forwards records of some runner types.

use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend around another one, which forwards records of some runner types, and omits the
/// others.
///
/// ```
/// use std::sync::Arc;
/// use solti_metrics::{FilteredMetrics, MemoryMetrics, MetricsBackend, RunnerType};
///
/// let memory = Arc::new(MemoryMetrics::new());
/// let metrics = FilteredMetrics::new(memory.clone(), [RunnerType::Wasm]);
/// metrics.record_task_started(RunnerType::Wasm);
/// metrics.record_task_started(RunnerType::Container);
/// assert_eq!(memory.events().len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct FilteredMetrics<B> {
    backend: B,
    runners: [bool; RunnerType::ALL.len()],
}

impl<B: MetricsBackend> FilteredMetrics<B> {
    /// Forwards records of these runner types to `backend`.
    #[must_use]
    pub fn new(backend: B, runners: impl IntoIterator<Item = RunnerType>) -> Self {
        let mut allowed = [false; RunnerType::ALL.len()];
        for runner in runners {
            allowed[runner as usize] = true;
        }
        Self {
            backend,
            runners: allowed,
        }
    }

    /// The wrapped backend.
    pub const fn backend(&self) -> &B {
        &self.backend
    }

    #[inline]
    const fn lets_through(&self, runner: RunnerType) -> bool {
        self.runners[runner as usize]
    }
}

impl<B: MetricsBackend> MetricsBackend for FilteredMetrics<B> {
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        if self.lets_through(runner) {
            self.backend.record_task_started(runner);
        }
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        if self.lets_through(runner) {
            self.backend
                .record_task_completed(runner, outcome, duration_ms);
        }
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        if self.lets_through(runner) {
            self.backend.record_runner_error(runner, error);
        }
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        let through = |event: &Event| self.lets_through(event.runner());
        // In most cases there is one run, which has all records.
        let runs = events.chunk_by(|one, next| through(one) == through(next));
        let runs = runs.filter(|run| run.first().is_some_and(through));
        BatchError::record_chunks(runs, |run| self.backend.record_batch(run))
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        self.backend.prefers_batches()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::MemoryMetrics;

    fn started(runner: RunnerType) -> Event {
        Event::TaskStarted { runner }
    }

    #[test]
    fn a_batch_goes_through_as_its_records_alone_would() {
        use RunnerType::{Container, Subprocess, Wasm};
        let events = [Wasm, Wasm, Container, Wasm, Subprocess, Container].map(started);
        for allowed in [&[][..], &[Wasm], &[Container, Subprocess], &RunnerType::ALL] {
            let [alone, together] = [(); 2].map(|()| Arc::new(MemoryMetrics::new()));
            let [one, other] = [&alone, &together]
                .map(|memory| FilteredMetrics::new(Arc::clone(memory), allowed.iter().copied()));
            events.iter().for_each(|event| event.record_into(&one));
            assert_eq!(other.record_batch(&events), Ok(()));
            assert_eq!(alone.events(), together.events());
            let expected = events.iter().filter(|it| allowed.contains(&it.runner()));
            assert!(alone.events().iter().eq(expected));
        }
    }

    #[test]
    fn every_kind_of_record_is_filtered() {
        let memory = Arc::new(MemoryMetrics::new());
        let metrics = FilteredMetrics::new(Arc::clone(&memory), [RunnerType::Wasm]);
        for runner in RunnerType::ALL {
            metrics.record_task_started(runner);
            metrics.record_task_completed(runner, TaskOutcome::Success, 1);
            metrics.record_runner_error(runner, RunnerErrorKind::SpawnFailed);
        }
        let events = memory.events();
        assert_eq!(events.len(), 3);
        assert!(events.iter().all(|it| it.runner() == RunnerType::Wasm));
    }
}
