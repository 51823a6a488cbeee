//! Counts of the runs of one task.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::RunOutcome;
use super::run_outcome::RunEnd;
use super::sync::Mutex;

/// Number of recent runs that are kept, for a sparkline.
const RECENT: usize = 60;

/// Counts of the runs of one task, and of later tasks of the same name.
#[derive(Debug, Clone, Default)]
pub struct History(pub(super) Arc<Stats>);

impl History {
    /// Current counts and state of the runs.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    /// Current counts, without a copy of the recent runs.
    pub(crate) fn counts(&self) -> RunCounts {
        let stats = self.0.0.lock();
        RunCounts {
            runs: stats.runs,
            rejected: stats.rejected,
            waiting: stats.waiting,
            running: stats.running,
        }
    }
}

/// The numbers of a [`Snapshot`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunCounts {
    pub(crate) runs: [u64; RunOutcome::ALL.len()],
    pub(crate) rejected: u64,
    pub(crate) waiting: u64,
    pub(crate) running: u64,
}

/// Counts of the runs of one task.
#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<Snapshot>);

/// Counts and state of the runs of one task, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Number of runs by outcome, in the order of [`RunOutcome::ALL`].
    pub runs: [u64; RunOutcome::ALL.len()],
    /// Number of due runs that were rejected, or superseded before they started.
    pub rejected: u64,
    /// Number of runs that wait for a slot.
    pub waiting: u64,
    /// Number of runs that are executing.
    pub running: u64,
    /// The last run that ended.
    pub last: Option<LastRun>,
    /// Outcomes and durations of the last runs, the oldest first.
    pub recent: VecDeque<(RunOutcome, Duration)>,
    /// Number of failed runs that wait for their restart.
    pausing: u64,
    /// Number of runs that were counted as ended and are still executing.
    abandoned: u64,
    over: Option<FinalState>,
}

/// The run that ended last.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LastRun {
    /// Outcome of the run.
    pub outcome: RunOutcome,
    /// Reason of the outcome, in words. The text may contain guest output: escape control
    /// characters before printing it.
    pub detail: String,
    /// End time of the run.
    pub at: SystemTime,
    /// Duration of the run; 0 if it could not start.
    pub duration: Duration,
}

/// Reason why a task is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FinalState {
    /// The task ran as often as its plan says.
    Done,
    /// The task failed too often, or was stopped.
    Stopped,
}

/// Current state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskStatus {
    /// A run is executing.
    Running,
    /// A run waits for a slot.
    Waiting,
    /// A failed run waits for its restart.
    BackingOff,
    /// The task waits for the next tick of its clock.
    Idle,
    /// The task has run as often as its plan says.
    Done,
    /// The task failed too often, or was asked to stop.
    Stopped,
}

impl TaskStatus {
    /// Name of the state in pages and labels.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::BackingOff => "backing_off",
            Self::Idle => "idle",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }
}

impl Snapshot {
    /// State of the task at that moment.
    pub fn state(&self) -> TaskStatus {
        if self.running > 0 {
            TaskStatus::Running
        } else if self.waiting > 0 {
            TaskStatus::Waiting
        } else if self.pausing > 0 {
            TaskStatus::BackingOff
        } else {
            match self.over {
                None => TaskStatus::Idle,
                Some(FinalState::Done) => TaskStatus::Done,
                Some(FinalState::Stopped) => TaskStatus::Stopped,
            }
        }
    }
}

impl Stats {
    pub(super) fn snapshot(&self) -> Snapshot {
        self.0.lock().clone()
    }

    /// A run is due.
    pub(super) fn due(&self) {
        self.0.lock().waiting += 1;
    }

    /// Runs were rejected before they waited.
    pub(super) fn rejected(&self, runs: u64) {
        let mut stats = self.0.lock();
        stats.rejected = stats.rejected.saturating_add(runs);
    }

    /// A waiting run will not start.
    pub(super) fn never_started(&self, rejected: bool) {
        let mut stats = self.0.lock();
        stats.waiting = stats.waiting.saturating_sub(1);
        stats.rejected += u64::from(rejected);
    }

    /// A failed run is due again, after its backoff.
    pub(super) fn due_again(&self) {
        let mut stats = self.0.lock();
        stats.pausing = stats.pausing.saturating_sub(1);
        stats.waiting += 1;
    }

    /// A waiting run starts. Returns the number of the run, from 1.
    pub(super) fn started(&self) -> u64 {
        let mut stats = self.0.lock();
        stats.waiting = stats.waiting.saturating_sub(1);
        stats.running += 1;
        stats.runs.iter().sum::<u64>() + stats.running
    }

    /// A run has ended. `again` is whether the run waits for a restart. Returns whether it
    /// is counted as waiting: an abandoned run was counted before.
    pub(super) fn ended(&self, end: RunEnd, again: bool) -> bool {
        let at = SystemTime::now();
        let mut stats = self.0.lock();
        if stats.abandoned > 0 {
            stats.abandoned -= 1;
            return false;
        }
        stats.running = stats.running.saturating_sub(1);
        stats.pausing += u64::from(again);
        stats.runs[end.outcome as usize] += 1;
        if stats.recent.len() == RECENT {
            stats.recent.pop_front();
        }
        stats.recent.push_back((end.outcome, end.duration));
        stats.last = Some(LastRun {
            outcome: end.outcome,
            detail: end.detail,
            at,
            duration: end.duration,
        });
        again
    }

    /// Counts running runs as canceled, and returns their number. No caller waits for
    /// them any more.
    pub(super) fn abandon(&self) -> u64 {
        let mut stats = self.0.lock();
        let left = std::mem::take(&mut stats.running);
        stats.runs[RunOutcome::Canceled as usize] += left;
        stats.abandoned += left;
        left
    }

    /// A failed run will not be restarted.
    pub(super) fn not_restarted(&self) {
        let mut stats = self.0.lock();
        stats.pausing = stats.pausing.saturating_sub(1);
    }

    /// The task continues under another plan.
    pub(super) fn resumed(&self) {
        self.0.lock().over = None;
    }

    pub(super) fn over(&self, why: FinalState) {
        self.0.lock().over = Some(why);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn success() -> RunEnd {
        RunEnd {
            outcome: RunOutcome::Success,
            detail: String::new(),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn each_run_has_its_own_number_in_any_order_of_ends() {
        let stats = Stats::default();
        let mut numbers = Vec::new();
        for _ in 0..3 {
            stats.due();
            numbers.push(stats.started());
        }
        stats.ended(success(), false);
        stats.due();
        numbers.push(stats.started());
        assert_eq!(numbers, [1, 2, 3, 4]);
    }

    #[test]
    fn an_abandoned_run_is_counted_once() {
        let stats = Stats::default();
        for _ in 0..2 {
            stats.due();
            stats.started();
        }
        stats.ended(success(), false);
        assert_eq!(stats.abandon(), 1);
        stats.ended(success(), false);
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.running, 0);
        assert_eq!(snapshot.runs[RunOutcome::Success as usize], 1);
        assert_eq!(snapshot.runs[RunOutcome::Canceled as usize], 1);
    }

    #[test]
    fn a_due_run_that_never_starts_stops_waiting() {
        let stats = Stats::default();
        stats.due();
        stats.due();
        stats.never_started(true);
        stats.never_started(false);
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.waiting, snapshot.rejected), (0, 1));
        assert_eq!(snapshot.state(), TaskStatus::Idle);
    }

    #[test]
    fn a_failed_run_backs_off_until_its_restart_or_the_last_retry() {
        let stats = Stats::default();
        stats.due();
        stats.started();
        let failure = RunEnd::dropped(true, Duration::ZERO);
        assert_eq!(failure.outcome, RunOutcome::Failure);
        stats.ended(failure.clone(), true);
        assert_eq!(stats.snapshot().state(), TaskStatus::BackingOff);
        stats.due_again();
        assert_eq!(stats.snapshot().state(), TaskStatus::Waiting);
        stats.started();
        assert_eq!(stats.snapshot().state(), TaskStatus::Running);
        stats.ended(failure, true);
        stats.not_restarted();
        stats.over(FinalState::Stopped);
        assert_eq!(stats.snapshot().state(), TaskStatus::Stopped);
    }
}
