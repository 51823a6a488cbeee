use super::histogram::Durations;
use crate::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

pub(super) const RUNNERS: usize = RunnerType::ALL.len();
pub(super) const OUTCOMES: usize = TaskOutcome::ALL.len();
pub(super) const ERRORS: usize = RunnerErrorKind::ALL.len();

/// A number for every series there can be: what some records come to.
///
/// The labels are a closed set, so that finding a series is an index and not a
/// look-up. How many tasks were completed is how many durations were observed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) started: [u64; RUNNERS],
    pub(super) durations: [[Durations; OUTCOMES]; RUNNERS],
    pub(super) errors: [[u64; ERRORS]; RUNNERS],
}

impl Tally {
    #[inline]
    pub(super) fn record(&mut self, event: Event) {
        match event {
            Event::TaskStarted { runner } => self.started[runner as usize] += 1,
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => self.durations[runner as usize][outcome as usize].observe(duration_ms),
            Event::RunnerError { runner, error } => {
                self.errors[runner as usize][error as usize] += 1;
            }
        }
    }
}
