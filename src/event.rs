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

    /// The event as two words: what the WIT interface `solti:metrics/batch`
    /// carries, which describes them.
    #[inline]
    #[must_use]
    pub const fn to_words(self) -> [u64; 2] {
        match self {
            Self::TaskStarted { runner } => [head(STARTED, runner, 0), 0],
            Self::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => [head(COMPLETED, runner, outcome as u64), duration_ms],
            Self::RunnerError { runner, error } => [head(ERROR, runner, error as u64), 0],
        }
    }

    /// The event that these words stand for; `None` if they stand for none.
    #[inline]
    #[must_use]
    pub fn from_words([head, duration_ms]: [u64; 2]) -> Option<Self> {
        let byte = |number: u32| usize::from((head >> (8 * number)) as u8);
        let runner = *RunnerType::ALL.get(byte(1))?;
        let event = match byte(0) as u64 {
            STARTED => Self::TaskStarted { runner },
            COMPLETED => Self::TaskCompleted {
                runner,
                outcome: *TaskOutcome::ALL.get(byte(2))?,
                duration_ms,
            },
            ERROR => Self::RunnerError {
                runner,
                error: *RunnerErrorKind::ALL.get(byte(2))?,
            },
            _ => return None,
        };
        // Nothing else may be said than what is understood.
        (event.to_words() == [head, duration_ms]).then_some(event)
    }
}

const STARTED: u64 = 0;
const COMPLETED: u64 = 1;
const ERROR: u64 = 2;

#[inline]
const fn head(function: u64, runner: RunnerType, label: u64) -> u64 {
    function | (runner as u64) << 8 | label << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_event() -> Vec<Event> {
        let mut events = Vec::new();
        for runner in RunnerType::ALL {
            events.push(Event::TaskStarted { runner });
            events.extend(RunnerErrorKind::ALL.map(|error| Event::RunnerError { runner, error }));
            for duration_ms in [0, 1, u64::MAX] {
                events.extend(TaskOutcome::ALL.map(|outcome| Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                }));
            }
        }
        events
    }

    #[test]
    fn every_event_comes_back_from_its_words() {
        for event in every_event() {
            assert_eq!(Event::from_words(event.to_words()), Some(event));
        }
    }

    /// Others write these numbers down, in other languages.
    #[test]
    fn the_words_are_those_that_the_wit_describes() {
        let event = Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: TaskOutcome::Timeout,
            duration_ms: 1_500,
        };
        assert_eq!(event.to_words(), [0x03_02_01, 1_500]);
        let event = Event::RunnerError {
            runner: RunnerType::Container,
            error: RunnerErrorKind::SpawnFailed,
        };
        assert_eq!(event.to_words(), [0x02_01_02, 0]);
    }

    #[test]
    fn words_that_say_nothing_are_no_event() {
        for words in [
            [3, 0],
            [0x03_00, 0],
            [0x04_00_01, 0],
            [0x04_00_02, 0],
            [0x01_00_00, 0],
            [1 << 24, 0],
            [1 << 63 | 1, 0],
            [0, 7],
            [2, 7],
            [u64::MAX, u64::MAX],
        ] {
            assert_eq!(Event::from_words(words), None, "{words:x?}");
        }
    }
}
