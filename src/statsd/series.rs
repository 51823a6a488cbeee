use crate::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// What is counted, with its labels. Completions have a timer beside the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Series {
    Started(RunnerType),
    Completed(RunnerType, TaskOutcome),
    Error(RunnerType, RunnerErrorKind),
}

const OUTCOMES: usize = TaskOutcome::ALL.len();
const PER_RUNNER: usize = 1 + OUTCOMES + RunnerErrorKind::ALL.len();

impl Series {
    /// How many there are.
    pub(super) const COUNT: usize = RunnerType::ALL.len() * PER_RUNNER;

    /// All of them, in the order of their places.
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

    /// The one that a record counts in.
    pub(super) const fn of(event: Event) -> Self {
        match event {
            Event::TaskStarted { runner } => Self::Started(runner),
            Event::TaskCompleted {
                runner, outcome, ..
            } => Self::Completed(runner, outcome),
            Event::RunnerError { runner, error } => Self::Error(runner, error),
        }
    }

    /// Its place in a table of [`Self::COUNT`].
    pub(super) const fn place(self) -> usize {
        match self {
            Self::Started(runner) => runner as usize * PER_RUNNER,
            Self::Completed(runner, outcome) => runner as usize * PER_RUNNER + 1 + outcome as usize,
            Self::Error(runner, error) => {
                runner as usize * PER_RUNNER + 1 + OUTCOMES + error as usize
            }
        }
    }

    /// What the counter is called, without labels.
    pub(super) const fn counter(self) -> &'static str {
        match self {
            Self::Started(_) => "tasks_started",
            Self::Completed(..) => "tasks_completed",
            Self::Error(..) => "runner_errors",
        }
    }

    /// What the timer beside it is called, if it has one.
    pub(super) const TIMER: &'static str = "task_duration";

    pub(super) const fn runner(self) -> RunnerType {
        match self {
            Self::Started(runner) | Self::Completed(runner, _) | Self::Error(runner, _) => runner,
        }
    }

    /// The name and the text of its label besides `runner`.
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
    fn each_series_has_a_place_of_its_own() {
        let places: Vec<_> = Series::all().map(Series::place).collect();
        assert_eq!(places, (0..Series::COUNT).collect::<Vec<_>>());
    }
}
