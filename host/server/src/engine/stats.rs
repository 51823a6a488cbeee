//! Counts of the runs of one task.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::Ended;
use super::ended::RunEnd;

/// How many of the last runs are remembered, for a sparkline.
const RECENT: usize = 60;

/// Where the runs of one task are counted, and of what comes after it under its name.
#[derive(Debug, Clone, Default)]
pub struct History(pub(super) Arc<Stats>);

impl History {
    /// What is known of its runs, at one moment.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }
}

/// What became of the runs of one task.
#[derive(Debug, Default)]
pub(super) struct Stats(Mutex<Snapshot>);

/// The same, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// How many ended, in the order of [`Ended::ALL`].
    pub runs: [u64; Ended::ALL.len()],
    /// How many were due, and were turned away, or had to make way before they began.
    pub rejected: u64,
    /// Runs that wait for a place.
    pub waiting: u64,
    /// Runs that have begun and not ended.
    pub running: u64,
    /// The last run that ended.
    pub last: Option<Last>,
    /// How the last runs ended and after how long, the oldest first.
    pub recent: VecDeque<(Ended, Duration)>,
    /// How many failed, and are to begin again after a pause.
    pausing: u64,
    /// How many were counted as ended though they had not, and may end yet.
    abandoned: u64,
    over: Option<Over>,
}

/// How a run ended that was the last to do so.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Last {
    /// How the run ended.
    pub ended: Ended,
    /// Why, in words. A guest has a say in them: escape control characters where they are
    /// printed.
    pub detail: String,
    /// When the run ended.
    pub at: SystemTime,
    /// How long the run took; 0 if it could not begin.
    pub duration: Duration,
}

/// Why a task does not run any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// It has run as often as it was to.
    Done,
    /// It failed too often, or was asked to stop.
    Stopped,
}

/// What a task does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A run goes on.
    Running,
    /// A run waits for a place.
    Waiting,
    /// The task waits for the pause after a failure to pass.
    BackingOff,
    /// The task waits for the next tick of its clock.
    Idle,
    /// The task has run as often as its plan says.
    Done,
    /// The task failed too often, or was asked to stop.
    Stopped,
}

impl State {
    /// The text of the state in pages and labels.
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
    /// What the task does at that moment.
    pub fn state(&self) -> State {
        if self.running > 0 {
            State::Running
        } else if self.waiting > 0 {
            State::Waiting
        } else if self.pausing > 0 {
            State::BackingOff
        } else {
            match self.over {
                None => State::Idle,
                Some(Over::Done) => State::Done,
                Some(Over::Stopped) => State::Stopped,
            }
        }
    }
}

impl Stats {
    pub(super) fn snapshot(&self) -> Snapshot {
        self.0.lock().clone()
    }

    /// How many runs are due, or go on.
    pub(super) fn under_way(&self) -> u64 {
        let stats = self.0.lock();
        stats.waiting + stats.running
    }

    /// A run is due.
    pub(super) fn due(&self) {
        self.0.lock().waiting += 1;
    }

    /// It was turned away before it had a place in any queue.
    pub(super) fn turned_away(&self) {
        self.0.lock().rejected += 1;
    }

    /// It will not begin.
    pub(super) fn never_began(&self, rejected: bool) {
        let mut stats = self.0.lock();
        stats.waiting = stats.waiting.saturating_sub(1);
        stats.rejected += u64::from(rejected);
    }

    /// It has a place; the number of this run, from 1.
    pub(super) fn begun(&self, again: bool) -> u64 {
        let mut stats = self.0.lock();
        let from = if again {
            &mut stats.pausing
        } else {
            &mut stats.waiting
        };
        *from = from.saturating_sub(1);
        stats.running += 1;
        stats.runs.iter().sum::<u64>() + stats.running
    }

    /// It has ended; `again` if it is to begin once more after a pause.
    pub(super) fn ended(&self, end: RunEnd, again: bool) {
        let mut stats = self.0.lock();
        if stats.abandoned > 0 {
            stats.abandoned -= 1;
            return;
        }
        stats.running = stats.running.saturating_sub(1);
        stats.pausing += u64::from(again);
        stats.runs[end.ended as usize] += 1;
        if stats.recent.len() == RECENT {
            stats.recent.pop_front();
        }
        stats.recent.push_back((end.ended, end.duration));
        stats.last = Some(Last {
            ended: end.ended,
            detail: end.detail,
            at: SystemTime::now(),
            duration: end.duration,
        });
    }

    /// Nobody waits any longer for those that go on, which count as canceled; how many
    /// they are.
    pub(super) fn abandon(&self) -> u64 {
        let mut stats = self.0.lock();
        let left = std::mem::take(&mut stats.running);
        stats.runs[Ended::Canceled as usize] += left;
        stats.abandoned += left;
        left
    }

    /// One that failed will not begin again after all.
    pub(super) fn given_up(&self) {
        let mut stats = self.0.lock();
        stats.pausing = stats.pausing.saturating_sub(1);
    }

    /// It runs once more, under another plan.
    pub(super) fn resumed(&self) {
        self.0.lock().over = None;
    }

    pub(super) fn over(&self, why: Over) {
        self.0.lock().over = Some(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn success() -> RunEnd {
        RunEnd {
            ended: Ended::Success,
            detail: String::new(),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn each_run_has_a_number_of_its_own_in_whatever_order_they_end() {
        let stats = Stats::default();
        let mut numbers = Vec::new();
        for _ in 0..3 {
            stats.due();
            numbers.push(stats.begun(false));
        }
        stats.ended(success(), false);
        stats.due();
        numbers.push(stats.begun(false));
        assert_eq!(numbers, [1, 2, 3, 4]);
    }

    #[test]
    fn a_run_that_was_abandoned_is_counted_once_whenever_it_ends() {
        let stats = Stats::default();
        for _ in 0..2 {
            stats.due();
            stats.begun(false);
        }
        stats.ended(success(), false);
        assert_eq!(stats.abandon(), 1);
        stats.ended(success(), false);
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.running, 0);
        assert_eq!(snapshot.runs[Ended::Success as usize], 1);
        assert_eq!(snapshot.runs[Ended::Canceled as usize], 1);
    }

    #[test]
    fn what_was_due_and_never_began_waits_no_more() {
        let stats = Stats::default();
        stats.due();
        stats.due();
        stats.never_began(true);
        stats.never_began(false);
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.waiting, snapshot.rejected), (0, 1));
        assert_eq!(snapshot.state(), State::Idle);
    }

    #[test]
    fn who_failed_backs_off_until_it_begins_again_or_is_given_up() {
        let stats = Stats::default();
        stats.due();
        stats.begun(false);
        let failure = RunEnd::given_up(true, Duration::ZERO);
        assert_eq!(failure.ended, Ended::Failure);
        stats.ended(failure.clone(), true);
        assert_eq!(stats.snapshot().state(), State::BackingOff);
        stats.begun(true);
        assert_eq!(stats.snapshot().state(), State::Running);
        stats.ended(failure, true);
        stats.given_up();
        stats.over(Over::Stopped);
        assert_eq!(stats.snapshot().state(), State::Stopped);
    }
}
