use std::time::Duration;

use solti_metrics::{MetricsBackend, RunnerType, TaskOutcome};

use crate::HostMetrics;
use crate::clock::Stopwatch;

/// A task that is running: recorded as started, to be recorded as completed.
///
/// ```
/// use solti_metrics_guest::{RunnerType, Task, TaskOutcome};
///
/// fn resize(image: &[u8]) -> Result<(), std::io::Error> {
///     let task = Task::start(RunnerType::Wasm);
///     // What goes wrong here, and leaves through `?`, drops the task.
///     let outcome = if image.is_empty() { TaskOutcome::Failure } else { TaskOutcome::Success };
///     task.finish(outcome);
///     Ok(())
/// }
/// # resize(&[]).unwrap();
/// ```
///
/// # On drop
///
/// A task that is dropped without having been finished was given up: it is
/// recorded as [`TaskOutcome::Canceled`], with the time since its start. If a
/// panic is what drops it, and panics unwind, it is [`TaskOutcome::Failure`].
/// Guests are mostly built so that a panic traps at once: then nothing more is
/// recorded from inside, and the runner outside records the failure of the
/// whole program.
#[derive(Debug)]
#[must_use = "a task that is dropped is recorded as canceled"]
pub struct Task<B: MetricsBackend = HostMetrics> {
    backend: B,
    runner: RunnerType,
    stopwatch: Stopwatch,
    finished: bool,
}

impl Task {
    /// Records at the host that a task has started, and starts to measure.
    pub fn start(runner: RunnerType) -> Self {
        Self::start_with(HostMetrics, runner)
    }
}

impl<B: MetricsBackend> Task<B> {
    /// As [`Task::start`], with another backend: in tests, say.
    pub fn start_with(backend: B, runner: RunnerType) -> Self {
        backend.record_task_started(runner);
        Self {
            backend,
            runner,
            stopwatch: Stopwatch::start(),
            finished: false,
        }
    }

    /// Records that the task has ended so, after the time since its start.
    ///
    /// On `wasm32-unknown-unknown` there is no clock, and therefore no such
    /// function: see [`Task::finish_after`].
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn finish(self, outcome: TaskOutcome) {
        let elapsed = self.stopwatch.elapsed();
        self.finish_after(outcome, elapsed);
    }

    /// Records that the task has ended so, after a time that you measured.
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
    /// Without a clock, the time is not known, and recorded as zero.
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
    fn a_task_dropped_by_a_panic_is_failed() {
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
