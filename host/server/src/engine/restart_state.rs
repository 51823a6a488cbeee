//! State of a run that is restarted after each failure.

use super::run_outcome::RunEnd;
use super::stats::Stats;
use super::sync::{AtomicU8, Ordering};

/// The run is due for the first time.
const DUE: u8 = 0;
/// A restart is due.
const DUE_AGAIN: u8 = 1;
const RUNNING: u8 = 2;
/// The run failed, and waits for its restart.
const PAUSING: u8 = 3;
/// The supervisor has finished the run. A run that it abandoned can still execute.
const OVER: u8 = 4;

/// State of a run that is restarted after each failure, and its counts.
///
/// Each transition is one atomic update, so the end of an abandoned run and the end of the
/// task agree about the run. No other value depends on the state, because the counts have a
/// lock. Therefore all accesses are relaxed.
pub(super) struct RestartState(AtomicU8);

impl RestartState {
    /// A run is due.
    pub(super) fn due(stats: &Stats) -> Self {
        stats.due();
        Self(AtomicU8::new(DUE))
    }

    /// An attempt begins, and waits until it may start. After a failure, it is a restart.
    pub(super) fn attempt(&self, stats: &Stats) {
        if self.exchange(PAUSING, DUE_AGAIN) {
            stats.due_again();
        }
    }

    /// The run starts.
    pub(super) fn started(&self) {
        // A run that is over has no further state.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
                (state != OVER).then_some(RUNNING)
            });
    }

    /// The run has ended. After a failure it waits for its restart, unless it is over.
    pub(super) fn ended(&self, stats: &Stats, end: RunEnd) {
        let failed = end.outcome.is_failure();
        // Counted before the state changes: the end of the task undoes the count that it
        // finds.
        let waits = stats.ended(end, failed);
        if failed && !self.exchange(RUNNING, PAUSING) && waits {
            stats.not_restarted();
        }
    }

    /// The supervisor has finished the run. `rejected` is whether a run that never started
    /// counts as rejected.
    pub(super) fn over(&self, stats: &Stats, rejected: bool) {
        match self.0.swap(OVER, Ordering::Relaxed) {
            DUE => stats.never_started(rejected),
            // A restart is not a due run of the schedule.
            DUE_AGAIN => stats.never_started(false),
            PAUSING => stats.not_restarted(),
            _ => {}
        }
    }

    fn exchange(&self, from: u8, to: u8) -> bool {
        self.0
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::time::Duration;

    use super::super::stats::TaskStatus;
    use super::*;

    fn failure() -> RunEnd {
        RunEnd::dropped(true, Duration::ZERO)
    }

    #[test]
    fn a_run_waits_for_each_restart_until_it_is_over() {
        let stats = Stats::default();
        let state = RestartState::due(&stats);
        for _ in 0..2 {
            state.attempt(&stats);
            assert_eq!(stats.snapshot().state(), TaskStatus::Waiting);
            state.started();
            stats.started();
            state.ended(&stats, failure());
            assert_eq!(stats.snapshot().state(), TaskStatus::BackingOff);
        }
        state.over(&stats, true);
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.state(), TaskStatus::Idle);
        assert_eq!((snapshot.waiting, snapshot.rejected), (0, 0));
    }

    #[test]
    fn a_run_that_fails_after_the_end_of_its_task_does_not_wait_for_a_restart() {
        let stats = Stats::default();
        let state = RestartState::due(&stats);
        state.started();
        stats.started();
        state.over(&stats, false);
        state.ended(&stats, failure());
        assert_eq!(stats.snapshot().state(), TaskStatus::Idle);
    }

    #[test]
    fn only_a_run_that_never_started_is_rejected() {
        let stats = Stats::default();
        RestartState::due(&stats).over(&stats, true);
        let again = RestartState::due(&stats);
        again.started();
        stats.started();
        again.ended(&stats, failure());
        again.attempt(&stats);
        again.over(&stats, true);
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.waiting, snapshot.rejected), (0, 1));
    }
}
