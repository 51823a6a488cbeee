//! A task that records its start and its end.

use std::time::Duration;

use solti_metrics::{MetricsBackend, RunnerType, TaskOutcome};

use crate::HostMetrics;
use crate::clock::Stopwatch;

/// A running task: its start is recorded, and its end will be recorded.
///
/// ```
/// use solti_metrics_guest::{RunnerType, Task, TaskOutcome};
///
/// fn resize(image: &[u8]) -> Result<(), std::io::Error> {
///     let task = Task::start(RunnerType::Wasm);
///     // An error that returns through `?` here drops the task.
///     let outcome = if image.is_empty() { TaskOutcome::Failure } else { TaskOutcome::Success };
///     task.finish(outcome);
///     Ok(())
/// }
/// # resize(&[]).unwrap();
/// ```
///
/// # On drop
///
/// A task that is dropped unfinished is recorded as [`TaskOutcome::Canceled`],
/// with the time since its start. If an unwinding panic drops the task, it is
/// recorded as [`TaskOutcome::Failure`]. In most guests a panic traps at once.
/// The guest then records nothing more, and the runner records the failure of
/// the whole program.
#[derive(Debug)]
#[must_use = "a task that is dropped is recorded as canceled"]
pub struct Task<B: MetricsBackend = HostMetrics> {
    backend: B,
    runner: RunnerType,
    stopwatch: Stopwatch,
    finished: bool,
}

impl Task {
    /// Records at the host that a task has started, and starts its stopwatch.
    pub fn start(runner: RunnerType) -> Self {
        Self::start_with(HostMetrics, runner)
    }
}

impl<B: MetricsBackend> Task<B> {
    /// Starts a task like [`Task::start`], with another backend, for example in tests.
    pub fn start_with(backend: B, runner: RunnerType) -> Self {
        backend.record_task_started(runner);
        Self {
            backend,
            runner,
            stopwatch: Stopwatch::start(),
            finished: false,
        }
    }

    /// Records that the task has ended with this outcome, with the time since its
    /// start.
    ///
    /// `wasm32-unknown-unknown` has no clock, and therefore not this function: see
    /// [`Task::finish_after`].
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn finish(self, outcome: TaskOutcome) {
        let elapsed = self.stopwatch.elapsed();
        self.finish_after(outcome, elapsed);
    }

    /// Records that the task has ended with this outcome, with a measured duration.
    /// Fractions of a millisecond are cut off.
    pub fn finish_after(mut self, outcome: TaskOutcome, duration: Duration) {
        self.finished = true;
        self.complete(outcome, duration);
    }

    fn complete(&self, outcome: TaskOutcome, duration: Duration) {
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.backend
            .record_task_completed(self.runner, outcome, duration_ms);
    }
}

impl<B: MetricsBackend> Drop for Task<B> {
    /// Without a clock, the duration is unknown and recorded as zero.
    fn drop(&mut self) {
        if !self.finished {
            let outcome = if std::thread::panicking() {
                TaskOutcome::Failure
            } else {
                TaskOutcome::Canceled
            };
            self.complete(outcome, self.stopwatch.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use solti_metrics::MemoryMetrics;

    use super::*;

    fn completions(memory: &MemoryMetrics) -> [usize; 4] {
        TaskOutcome::ALL.map(|outcome| memory.completed(RunnerType::Wasm, outcome))
    }

    #[test]
    fn a_finished_task_is_recorded_once() {
        let memory = Arc::new(MemoryMetrics::new());
        Task::start_with(memory.clone(), RunnerType::Wasm).finish(TaskOutcome::Success);
        assert_eq!(memory.started(RunnerType::Wasm), 1);
        assert_eq!(completions(&memory), [1, 0, 0, 0]);
    }

    #[test]
    fn a_dropped_task_is_canceled() {
        let memory = Arc::new(MemoryMetrics::new());
        drop(Task::start_with(memory.clone(), RunnerType::Wasm));
        assert_eq!(completions(&memory), [0, 0, 1, 0]);
    }

    #[test]
    #[expect(clippy::panic, reason = "the task's panic is what is tested")]
    fn a_task_dropped_by_a_panic_is_a_failure() {
        let memory = Arc::new(MemoryMetrics::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _task = Task::start_with(memory.clone(), RunnerType::Wasm);
            panic!("the task fails");
        }));
        assert!(panicked.is_err());
        assert_eq!(completions(&memory), [0, 1, 0, 0]);
    }

    #[test]
    fn a_measured_time_is_recorded_in_milliseconds() {
        let memory = Arc::new(MemoryMetrics::new());
        Task::start_with(memory.clone(), RunnerType::Wasm)
            .finish_after(TaskOutcome::Timeout, Duration::from_micros(2_999));
        assert_eq!(
            memory.durations_ms(RunnerType::Wasm, TaskOutcome::Timeout),
            [2]
        );
    }
}
