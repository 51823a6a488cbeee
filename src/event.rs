//! A record as a value, and its encoding as two words.

use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

/// One record as a value: the arguments of one call of
/// [`MetricsBackend`](crate::MetricsBackend).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// [`MetricsBackend::record_task_started`](crate::MetricsBackend::record_task_started).
    TaskStarted {
        /// Runner of the task.
        runner: RunnerType,
    },
    /// [`MetricsBackend::record_task_completed`](crate::MetricsBackend::record_task_completed).
    TaskCompleted {
        /// Runner of the task.
        runner: RunnerType,
        /// Outcome of the task.
        outcome: TaskOutcome,
        /// Duration of the task, in milliseconds.
        duration_ms: u64,
    },
    /// [`MetricsBackend::record_runner_error`](crate::MetricsBackend::record_runner_error).
    RunnerError {
        /// Runner that failed.
        runner: RunnerType,
        /// Step that failed.
        error: RunnerErrorKind,
    },
}

impl Event {
    /// The runner type of the event.
    #[inline]
    #[must_use]
    pub const fn runner(self) -> RunnerType {
        match self {
            Self::TaskStarted { runner }
            | Self::TaskCompleted { runner, .. }
            | Self::RunnerError { runner, .. } => runner,
        }
    }

    /// The same event with this runner type.
    #[inline]
    #[must_use]
    pub const fn with_runner(self, runner: RunnerType) -> Self {
        match self {
            Self::TaskStarted { .. } => Self::TaskStarted { runner },
            Self::TaskCompleted {
                outcome,
                duration_ms,
                ..
            } => Self::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            },
            Self::RunnerError { error, .. } => Self::RunnerError { runner, error },
        }
    }

    /// The event as two words, as the WIT interface `solti:metrics/batch` carries it. The
    /// interface documents the encoding.
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

    /// The event of these words, or `None` if the words are not the encoding of an event.
    #[inline]
    #[must_use]
    pub const fn from_words([head, duration_ms]: [u64; 2]) -> Option<Self> {
        // A word with unknown bits is not an event: a later version can give them a meaning.
        if head & !0x03_03_03 != 0 {
            return None;
        }
        let place = (head | head >> 6 | head >> 12) as usize % HEADS.len();
        match HEADS[place] {
            Some(Self::TaskCompleted {
                runner, outcome, ..
            }) => Some(Self::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            }),
            event if duration_ms == 0 => event,
            _ => None,
        }
    }
}

/// The event of each first word that sets only the lowest two bits of each of its lowest
/// three bytes. These bits suffice for every label. The table is small, and a look-up costs
/// less than a chain of comparisons.
static HEADS: [Option<Event>; 64] = heads();

const fn heads() -> [Option<Event>; 64] {
    let mut heads = [None; 64];
    let mut runner = 0;
    while runner < RunnerType::ALL.len() {
        let event = Event::TaskStarted {
            runner: RunnerType::ALL[runner],
        };
        set(&mut heads, event);
        let mut outcome = 0;
        while outcome < TaskOutcome::ALL.len() {
            let event = Event::TaskCompleted {
                runner: RunnerType::ALL[runner],
                outcome: TaskOutcome::ALL[outcome],
                duration_ms: 0,
            };
            set(&mut heads, event);
            outcome += 1;
        }
        let mut error = 0;
        while error < RunnerErrorKind::ALL.len() {
            let event = Event::RunnerError {
                runner: RunnerType::ALL[runner],
                error: RunnerErrorKind::ALL[error],
            };
            set(&mut heads, event);
            error += 1;
        }
        runner += 1;
    }
    heads
}

const fn set(heads: &mut [Option<Event>; 64], event: Event) {
    let [head, _] = event.to_words();
    // The compiler rejects a label that does not fit.
    assert!(head & !0x03_03_03 == 0);
    heads[(head | head >> 6 | head >> 12) as usize % 64] = Some(event);
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

    /// Guests in other languages contain these numbers.
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
