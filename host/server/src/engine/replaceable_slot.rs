//! A slot in which a due run replaces the current run.

use super::stats::Stats;
use super::sync::{Mutex, Notify};

/// A slot of a task with `admission = "replace"`.
///
/// A worker whose run was replaced takes no further run: the supervisor removes the
/// worker, and the next worker takes the due run. A removal that comes late can therefore
/// not cancel the due run.
#[derive(Default)]
pub(super) struct ReplaceableSlot {
    state: Mutex<SlotState>,
    /// Notified when a run waits. A notification without a waiting worker is kept: the run
    /// can become due after the worker has looked.
    due: Notify,
    /// Notified when the current run is replaced.
    replaced: Notify,
}

#[derive(Default)]
struct SlotState {
    occupant: Occupant,
    /// The last worker of the slot. An earlier worker may still execute a run that did
    /// not stop.
    worker: u64,
    /// Whether the run of the last worker was replaced.
    retired: bool,
}

/// Runs of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Occupant {
    #[default]
    None,
    /// A due run has not started.
    Waiting,
    /// A run executes.
    Running,
    /// A run executes, and a due run waits for its end.
    Replaced,
}

impl ReplaceableSlot {
    /// Number of runs in the slot, including a waiting run.
    pub(super) fn taken(&self) -> usize {
        match self.state.lock().occupant {
            Occupant::None => 0,
            Occupant::Waiting | Occupant::Running => 1,
            Occupant::Replaced => 2,
        }
    }

    /// A run is due. It replaces a waiting run, which counts as rejected, or the current
    /// run.
    pub(super) fn admit(&self, stats: &Stats) {
        let mut state = self.state.lock();
        match state.occupant {
            Occupant::None => {
                stats.due();
                state.occupant = Occupant::Waiting;
                self.due.notify_one();
            }
            Occupant::Running => {
                stats.due();
                state.occupant = Occupant::Replaced;
                self.replaced.notify_one();
            }
            Occupant::Waiting | Occupant::Replaced => stats.rejected(1),
        }
    }

    /// Returns the number of a new worker. Earlier workers have no more influence.
    pub(super) fn enter(&self) -> u64 {
        let mut state = self.state.lock();
        // The previous worker was abandoned with its run.
        if state.occupant != Occupant::Waiting {
            state.leave();
        }
        state.worker += 1;
        state.retired = false;
        state.worker
    }

    /// Waits until a run is due. Returns `false` if the worker must end.
    pub(super) async fn due(&self, worker: u64) -> bool {
        loop {
            {
                let state = self.state.lock();
                if state.worker != worker || state.retired {
                    return false;
                }
                if state.occupant == Occupant::Waiting {
                    return true;
                }
            }
            self.due.notified().await;
        }
    }

    /// The worker starts the waiting run.
    pub(super) fn started(&self, worker: u64) {
        let mut state = self.state.lock();
        if state.worker == worker {
            state.occupant = Occupant::Running;
        }
    }

    /// The run of the worker has ended, or will not start.
    pub(super) fn ended(&self, worker: u64) {
        let mut state = self.state.lock();
        if state.worker == worker {
            state.leave();
        }
    }

    /// Waits until a due run replaces the current run.
    pub(super) async fn replaced(&self) {
        while self.state.lock().occupant != Occupant::Replaced {
            self.replaced.notified().await;
        }
    }

    /// Empties the slot. Returns whether a run waited in it.
    pub(super) fn give_up(&self) -> bool {
        let mut state = self.state.lock();
        let waited = matches!(state.occupant, Occupant::Waiting | Occupant::Replaced);
        state.occupant = Occupant::None;
        waited
    }
}

impl SlotState {
    /// A run leaves the slot. A run that replaced it waits from now on for a worker.
    fn leave(&mut self) {
        self.retired |= self.occupant == Occupant::Replaced;
        self.occupant = match self.occupant {
            Occupant::Replaced => Occupant::Waiting,
            _ => Occupant::None,
        };
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    /// Waiting and rejected runs.
    fn counts(stats: &Stats) -> (u64, u64) {
        let snapshot = stats.snapshot();
        (snapshot.waiting, snapshot.rejected)
    }

    #[test]
    fn a_run_is_replaced_once_and_its_worker_takes_no_further_run() {
        let (slot, stats) = (ReplaceableSlot::default(), Stats::default());
        let first = slot.enter();
        assert_eq!(now(slot.due(first)), None);
        slot.admit(&stats);
        // The newest run takes the position of the waiting run.
        slot.admit(&stats);
        assert_eq!((slot.taken(), counts(&stats)), (1, (1, 1)));
        assert_eq!(now(slot.due(first)), Some(true));
        slot.started(first);
        stats.started();
        assert_eq!(now(slot.replaced()), None);
        slot.admit(&stats);
        slot.admit(&stats);
        assert_eq!((slot.taken(), counts(&stats)), (2, (1, 2)));
        assert_eq!(now(slot.replaced()), Some(()));
        slot.ended(first);
        assert_eq!(now(slot.due(first)), Some(false));
        assert_eq!(now(slot.replaced()), None);
        let second = slot.enter();
        assert_eq!(now(slot.due(second)), Some(true));
        assert_eq!(slot.taken(), 1);
    }

    #[test]
    fn a_worker_takes_run_after_run_that_is_not_replaced() {
        let (slot, stats) = (ReplaceableSlot::default(), Stats::default());
        let worker = slot.enter();
        for _ in 0..3 {
            slot.admit(&stats);
            assert_eq!(now(slot.due(worker)), Some(true));
            slot.started(worker);
            slot.ended(worker);
            assert_eq!(slot.taken(), 0);
        }
        assert!(!slot.give_up());
    }

    #[test]
    fn an_abandoned_run_has_no_influence_on_the_next_worker() {
        let (slot, stats) = (ReplaceableSlot::default(), Stats::default());
        let abandoned = slot.enter();
        slot.admit(&stats);
        slot.started(abandoned);
        slot.admit(&stats);
        let next = slot.enter();
        assert_eq!(now(slot.due(next)), Some(true));
        slot.started(next);
        slot.ended(abandoned);
        assert_eq!(slot.taken(), 1);
        assert_eq!(now(slot.due(abandoned)), Some(false));
        slot.admit(&stats);
        assert!(slot.give_up());
        assert_eq!(slot.taken(), 0);
    }
}
