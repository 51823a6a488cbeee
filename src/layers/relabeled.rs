//! A backend that changes the runner type of records.

use std::fmt;

use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend around another one, which changes the runner type of records.
///
/// ```
/// use std::sync::Arc;
/// use solti_metrics::{MemoryMetrics, MetricsBackend, RelabeledMetrics, RunnerType};
///
/// // Every task of this program runs in a container.
/// let memory = Arc::new(MemoryMetrics::new());
/// let metrics = RelabeledMetrics::new(memory.clone(), |_| RunnerType::Container);
/// metrics.record_task_started(RunnerType::Subprocess);
/// assert_eq!(memory.started(RunnerType::Container), 1);
/// ```
#[derive(Clone)]
pub struct RelabeledMetrics<B, F> {
    backend: B,
    relabel: F,
}

/// Records of a batch that are relabeled at a time, on the stack.
const CHUNK: usize = 64;

impl<B, F> RelabeledMetrics<B, F>
where
    B: MetricsBackend,
    F: Fn(RunnerType) -> RunnerType + Send + Sync + 'static,
{
    /// Forwards records to `backend`, each with the runner type that `relabel` returns for
    /// its own.
    #[must_use]
    pub const fn new(backend: B, relabel: F) -> Self {
        Self { backend, relabel }
    }

    /// The wrapped backend.
    pub const fn backend(&self) -> &B {
        &self.backend
    }
}

impl<B: fmt::Debug, F> fmt::Debug for RelabeledMetrics<B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelabeledMetrics")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl<B, F> MetricsBackend for RelabeledMetrics<B, F>
where
    B: MetricsBackend,
    F: Fn(RunnerType) -> RunnerType + Send + Sync + 'static,
{
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        self.backend.record_task_started((self.relabel)(runner));
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let runner = (self.relabel)(runner);
        self.backend
            .record_task_completed(runner, outcome, duration_ms);
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        let runner = (self.relabel)(runner);
        self.backend.record_runner_error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        BatchError::record_chunks(events.chunks(CHUNK), |chunk| {
            let Some(&first) = chunk.first() else {
                return Ok(());
            };
            let mut relabeled = [first; CHUNK];
            for (to, event) in relabeled.iter_mut().zip(chunk) {
                *to = event.with_runner((self.relabel)(event.runner()));
            }
            self.backend.record_batch(&relabeled[..chunk.len()])
        })
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

    fn turned(runner: RunnerType) -> RunnerType {
        match runner {
            RunnerType::Wasm => RunnerType::Container,
            RunnerType::Container => RunnerType::Wasm,
            other => other,
        }
    }

    #[test]
    fn a_batch_is_relabeled_as_its_records_alone_would_be() {
        let events: Vec<_> = (0..3 * CHUNK as u64 + 7)
            .map(|duration_ms| Event::TaskCompleted {
                runner: RunnerType::ALL[duration_ms as usize % 3],
                outcome: TaskOutcome::Success,
                duration_ms,
            })
            .collect();
        let [alone, together] = [(); 2].map(|()| Arc::new(MemoryMetrics::new()));
        let [one, other] =
            [&alone, &together].map(|memory| RelabeledMetrics::new(Arc::clone(memory), turned));
        events.iter().for_each(|event| event.record_into(&one));
        assert_eq!(other.record_batch(&events), Ok(()));
        assert_eq!(other.record_batch(&[]), Ok(()));
        assert_eq!(alone.events(), together.events());
        let expected = events.iter().map(|it| it.with_runner(turned(it.runner())));
        assert!(alone.events().into_iter().eq(expected));
    }

    #[test]
    fn every_kind_of_record_is_relabeled() {
        let memory = Arc::new(MemoryMetrics::new());
        let metrics = RelabeledMetrics::new(Arc::clone(&memory), turned);
        metrics.record_task_started(RunnerType::Wasm);
        metrics.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 1);
        metrics.record_runner_error(RunnerType::Wasm, RunnerErrorKind::SpawnFailed);
        let events = memory.events();
        assert_eq!(events.len(), 3);
        assert!(events.iter().all(|it| it.runner() == RunnerType::Container));
    }
}
