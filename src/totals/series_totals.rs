//! The totals as plain numbers.

use super::histogram::Durations;
use crate::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

pub(crate) const RUNNERS: usize = RunnerType::ALL.len();
pub(crate) const OUTCOMES: usize = TaskOutcome::ALL.len();
pub(crate) const ERRORS: usize = RunnerErrorKind::ALL.len();

/// One number for every possible series: the sum of some records.
///
/// The labels are closed sets, so that a series is an index and needs no look-up. The number
/// of completed tasks is the number of observed durations.
#[derive(Debug, Default)]
pub(crate) struct SeriesTotals {
    pub(crate) started: [u64; RUNNERS],
    pub(crate) durations: [[Durations; OUTCOMES]; RUNNERS],
    pub(crate) errors: [[u64; ERRORS]; RUNNERS],
}

impl SeriesTotals {
    #[inline]
    pub(crate) fn record(&mut self, event: Event) {
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

    /// Number of records in these totals.
    #[cfg(feature = "otlp")]
    pub(crate) fn records(&self) -> u64 {
        let counts = self.started.iter().chain(self.errors.as_flattened());
        let durations = self.durations.as_flattened().iter();
        counts.sum::<u64>() + durations.map(Durations::count).sum::<u64>()
    }
}
