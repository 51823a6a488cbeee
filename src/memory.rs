//! A backend that stores its records in memory, for tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend that stores the calls in their order, and derives counts from them. It is made
/// for tests: those of this project and yours.
///
/// The log is bounded, by [`MemoryMetrics::DEFAULT_CAPACITY`] unless set. Later events are
/// not stored, and [`MemoryMetrics::forgotten`] counts them, so that a test can detect a full
/// log.
///
/// ```
/// use solti_metrics::{Event, MemoryMetrics, MetricsBackend, RunnerType, TaskOutcome};
///
/// let memory = MemoryMetrics::new();
/// memory.record_task_started(RunnerType::Wasm);
/// memory.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 12);
///
/// assert_eq!(memory.started(RunnerType::Wasm), 1);
/// assert_eq!(memory.durations_ms(RunnerType::Wasm, TaskOutcome::Success), [12]);
/// assert_eq!(memory.events()[0], Event::TaskStarted { runner: RunnerType::Wasm });
/// ```
#[derive(Debug)]
pub struct MemoryMetrics {
    capacity: usize,
    log: Mutex<EventLog>,
}

#[derive(Debug, Default)]
struct EventLog {
    events: Vec<Event>,
    forgotten: u64,
}

impl MemoryMetrics {
    /// Default maximum number of stored events: about a million, 16 MiB when full.
    pub const DEFAULT_CAPACITY: usize = 1 << 20;

    /// An empty backend that stores up to [`Self::DEFAULT_CAPACITY`] events.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(Self::DEFAULT_CAPACITY)
    }

    /// An empty backend that stores the first `events` events.
    #[must_use]
    pub fn with_capacity(events: usize) -> Self {
        Self {
            capacity: events,
            log: Mutex::default(),
        }
    }

    /// The calls so far, in their order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.log().events.clone()
    }

    /// Number of events that came after the log was full.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.log().forgotten
    }

    /// Number of started tasks of this runner.
    #[must_use]
    pub fn started(&self, runner: RunnerType) -> usize {
        self.count(Event::TaskStarted { runner })
    }

    /// Number of tasks of this runner that ended with this outcome.
    #[must_use]
    pub fn completed(&self, runner: RunnerType, outcome: TaskOutcome) -> usize {
        self.durations_ms(runner, outcome).len()
    }

    /// Durations of the tasks of this runner that ended with this outcome, in milliseconds,
    /// in the order of recording.
    #[must_use]
    pub fn durations_ms(&self, runner: RunnerType, outcome: TaskOutcome) -> Vec<u64> {
        let wanted = (runner, outcome);
        self.log()
            .events
            .iter()
            .filter_map(|event| match *event {
                Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                } if (runner, outcome) == wanted => Some(duration_ms),
                _ => None,
            })
            .collect()
    }

    /// Number of failures of this runner at this step.
    #[must_use]
    pub fn runner_errors(&self, runner: RunnerType, error: RunnerErrorKind) -> usize {
        self.count(Event::RunnerError { runner, error })
    }

    /// Removes all stored events.
    pub fn clear(&self) {
        *self.log() = EventLog::default();
    }

    fn count(&self, wanted: Event) -> usize {
        let log = self.log();
        log.events.iter().filter(|&&event| event == wanted).count()
    }

    fn push(&self, event: Event) {
        self.extend(&[event]);
    }

    #[inline]
    fn extend(&self, events: &[Event]) {
        let mut log = self.log();
        let free = self.capacity.saturating_sub(log.events.len());
        let (stored, forgotten) = events.split_at(free.min(events.len()));
        log.events.extend_from_slice(stored);
        log.forgotten = log.forgotten.saturating_add(forgotten.len() as u64);
    }

    /// A panic cannot leave the log inconsistent: no code panics between lock and unlock.
    fn log(&self) -> MutexGuard<'_, EventLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsBackend for MemoryMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        self.push(Event::TaskStarted { runner });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.push(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.push(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.extend(events);
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_stores_the_first_events_and_counts_the_rest() {
        let memory = MemoryMetrics::with_capacity(2);
        for runner in RunnerType::ALL {
            memory.record_task_started(runner);
        }
        assert_eq!(memory.events().len(), 2);
        assert_eq!(memory.forgotten(), 1);
        assert_eq!(memory.started(RunnerType::Wasm), 0);
    }

    #[test]
    fn a_batch_above_the_capacity_is_stored_partially() {
        let memory = MemoryMetrics::with_capacity(4);
        let batch = RunnerType::ALL.map(|runner| Event::TaskStarted { runner });
        for _ in 0..3 {
            assert_eq!(memory.record_batch(&batch), Ok(()));
        }
        let [first, second, third] = batch;
        assert_eq!(memory.events(), [first, second, third, first]);
        assert_eq!(memory.forgotten(), 5);
    }

    #[test]
    fn an_event_is_as_small_as_documented() {
        assert_eq!(size_of::<Event>(), 16);
    }
}
