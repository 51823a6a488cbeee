use crate::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// One record, as a value: what a call of [`MetricsBackend`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// [`MetricsBackend::record_task_started`].
    TaskStarted {
        /// What runs the task.
        runner: RunnerType,
    },
    /// [`MetricsBackend::record_task_completed`].
    TaskCompleted {
        /// What ran the task.
        runner: RunnerType,
        /// How it ended.
        outcome: TaskOutcome,
        /// How long it ran, in milliseconds.
        duration_ms: u64,
    },
    /// [`MetricsBackend::record_runner_error`].
    RunnerError {
        /// What failed.
        runner: RunnerType,
        /// At which step.
        error: RunnerErrorKind,
    },
}

impl Event {
    /// The type of runner that the event is about.
    #[inline]
    #[must_use]
    pub const fn runner(self) -> RunnerType {
        match self {
            Self::TaskStarted { runner }
            | Self::TaskCompleted { runner, .. }
            | Self::RunnerError { runner, .. } => runner,
        }
    }

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
