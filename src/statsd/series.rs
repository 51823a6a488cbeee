//! The series of the statsd backend.

use crate::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// A counted series, with its labels. Completions have a timer in addition to the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Started(RunnerType),
    Completed(RunnerType, TaskOutcome),
    Error(RunnerType, RunnerErrorKind),
}

const OUTCOMES: usize = TaskOutcome::ALL.len();
const PER_RUNNER: usize = 1 + OUTCOMES + RunnerErrorKind::ALL.len();

impl Series {
    /// Number of series.
    pub(super) const COUNT: usize = RunnerType::ALL.len() * PER_RUNNER;

    /// All series, in the order of their indices.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        RunnerType::ALL.into_iter().flat_map(|runner| {
            let outcomes = TaskOutcome::ALL.map(|outcome| Self::Completed(runner, outcome));
            let errors = RunnerErrorKind::ALL.map(|error| Self::Error(runner, error));
            [Self::Started(runner)]
                .into_iter()
                .chain(outcomes)
                .chain(errors)
        })
    }

    /// The series of a record.
    pub(super) const fn of(event: Event) -> Self {
        match event {
            Event::TaskStarted { runner } => Self::Started(runner),
            Event::TaskCompleted {
                runner, outcome, ..
            } => Self::Completed(runner, outcome),
            Event::RunnerError { runner, error } => Self::Error(runner, error),
        }
    }

    /// Index of the series in a table of [`Self::COUNT`].
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Started(runner) => runner as usize * PER_RUNNER,
            Self::Completed(runner, outcome) => runner as usize * PER_RUNNER + 1 + outcome as usize,
            Self::Error(runner, error) => {
                runner as usize * PER_RUNNER + 1 + OUTCOMES + error as usize
            }
        }
    }

    /// Name of the counter, without labels.
    pub(super) const fn counter(self) -> &'static str {
        match self {
            Self::Started(_) => "tasks_started",
            Self::Completed(..) => "tasks_completed",
            Self::Error(..) => "runner_errors",
        }
    }

    /// Name of the timer of completions.
    pub(super) const TIMER: &'static str = "task_duration";

    pub(super) const fn runner(self) -> RunnerType {
        match self {
            Self::Started(runner) | Self::Completed(runner, _) | Self::Error(runner, _) => runner,
        }
    }

    /// Name and text of the label besides `runner`.
    pub(super) const fn label(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Started(_) => None,
            Self::Completed(_, outcome) => Some(("outcome", outcome.as_label())),
            Self::Error(_, error) => Some(("error", error.as_label())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_series_has_its_own_index() {
        let indices: Vec<_> = Series::all().map(Series::index).collect();
        assert_eq!(indices, (0..Series::COUNT).collect::<Vec<_>>());
    }
}
