//! Runs of a task that wait for the first free slot.

use super::stats::Stats;
use super::sync::{AtomicUsize, Ordering, Semaphore};

/// A queue of waiting runs. A waiting run is a number, and takes no memory.
pub(super) struct RunQueue {
    /// Maximum number of waiting and executing runs.
    most: usize,
    /// Number of waiting and executing runs. A run that ends is counted late at most, which
    /// rejects a run. No other value depends on the number, so all accesses are relaxed.
    under_way: AtomicUsize,
    /// A permit for each waiting run. Slots take runs in the order in which the slots
    /// became free.
    waiting: Semaphore,
}

impl RunQueue {
    /// A queue for a number of slots, in which at most `capacity` runs wait.
    pub(super) fn new(slots: usize, capacity: usize) -> Self {
        Self {
            most: slots.saturating_add(capacity).min(Semaphore::MAX_PERMITS),
            under_way: AtomicUsize::new(0),
            waiting: Semaphore::new(0),
        }
    }

    /// A run is due. It waits, or is rejected. Only one thread calls this function.
    pub(super) fn admit(&self, stats: &Stats) {
        if self.under_way.load(Ordering::Relaxed) >= self.most {
            stats.rejected(1);
            return;
        }
        self.under_way.fetch_add(1, Ordering::Relaxed);
        stats.due();
        self.waiting.add_permits(1);
    }

    /// Waits for a run. Returns whether there is one.
    pub(super) async fn take(&self) -> bool {
        match self.waiting.acquire().await {
            Ok(run) => {
                run.forget();
                true
            }
            // The queue is never closed.
            Err(_) => false,
        }
    }

    /// A run has ended, or will not start.
    pub(super) fn ended(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// Empties the queue. Returns the number of runs that waited.
    pub(super) fn give_up(&self) -> usize {
        let waited = self.waiting.forget_permits(usize::MAX);
        self.under_way.fetch_sub(waited, Ordering::Relaxed);
        waited
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn runs_beyond_the_slots_and_the_capacity_are_rejected() {
        let (queue, stats) = (RunQueue::new(1, 2), Stats::default());
        let counts = || {
            let snapshot = stats.snapshot();
            (snapshot.waiting, snapshot.rejected)
        };
        for _ in 0..5 {
            queue.admit(&stats);
        }
        assert_eq!(counts(), (3, 2));
        let taken = |poll: std::task::Poll<bool>| poll.is_ready();
        let mut context = Context::from_waker(Waker::noop());
        assert!(taken(pin!(queue.take()).poll(&mut context)));
        // The run executes, and takes no position of another run when it has ended.
        queue.admit(&stats);
        assert_eq!(counts(), (3, 3));
        queue.ended();
        queue.admit(&stats);
        assert_eq!(counts(), (4, 3));
        assert_eq!(queue.give_up(), 3);
        assert!(!taken(pin!(queue.take()).poll(&mut context)));
        queue.admit(&stats);
        assert_eq!(queue.give_up(), 1);
    }
}
