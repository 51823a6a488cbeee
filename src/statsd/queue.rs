use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

use super::StatsdMetrics;
use crate::Event;

/// The worker looks into the queue by itself.
const BUSY: u8 = 0;
/// It rests for a moment, so that records can gather. It is woken when many have.
const LINGERING: u8 = 1;
/// It rests until there is something to do.
const PARKED: u8 = 2;

/// So many records are worth waking a worker that lingers.
const MANY: usize = 1024;

/// Between whoever records and the worker: bounded, and nobody waits on this side
/// of it.
///
/// To wake a thread costs more than all the rest of a record. Only the first record
/// after a pause does it, and one of many while the worker lingers.
#[derive(Debug)]
pub(super) struct Queue {
    events: ArrayQueue<Event>,
    /// One less than a power of two.
    many_mask: u64,
    state: AtomicU8,
    worker: OnceLock<Thread>,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, StatsdMetrics::MAX_QUEUE);
        // While there is room left.
        let many = MANY.min(capacity / 2).max(1).next_power_of_two();
        Self {
            events: ArrayQueue::new(capacity),
            many_mask: many as u64 - 1,
            state: AtomicU8::new(BUSY),
            worker: OnceLock::new(),
        }
    }

    /// Takes the record with this number, if there is room.
    pub(super) fn push(&self, event: Event, number: u64) -> bool {
        let taken = self.events.push(event).is_ok();
        self.wake_if_due(!taken || number & self.many_mask == 0);
        taken
    }

    /// Takes the records that come after the one with this number, as far as there
    /// is room. Returns how many found none.
    pub(super) fn push_all(&self, events: &[Event], before: u64) -> u64 {
        let (mut number, mut refused) = (before, 0);
        for run in events.chunks(self.many_mask as usize + 1) {
            for &event in run {
                refused += u64::from(self.events.push(event).is_err());
            }
            let last = number + run.len() as u64;
            // Whether one of these numbers is a multiple.
            let many = (number ^ last) > self.many_mask;
            self.wake_if_due(refused > 0 || many);
            number = last;
        }
        refused
    }

    pub(super) fn pop(&self) -> Option<Event> {
        self.events.pop()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn capacity(&self) -> usize {
        self.events.capacity()
    }

    /// Wakes the worker behind a push, if it is parked, or if it lingers and that is
    /// to end.
    fn wake_if_due(&self, many: bool) {
        // The push is ordered before this load, and the worker's announcement before
        // its last look: one of the two sees the other.
        match self.state.load(Ordering::SeqCst) {
            BUSY => {}
            LINGERING if !many => {}
            _ => self.wake(),
        }
    }

    /// Wakes the worker if it rests, or keeps it from resting once.
    #[cold]
    pub(super) fn wake(&self) {
        self.state.store(BUSY, Ordering::SeqCst);
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    /// Waits until there is a record, or `over`. For the worker alone.
    pub(super) fn some(&self, over: impl Fn() -> bool) {
        self.rest(PARKED, None, || !self.events.is_empty() || over());
    }

    /// Waits until many records have gathered, for so long, or until it is `over`.
    /// For the worker alone.
    pub(super) fn many(&self, gather: Duration, over: impl Fn() -> bool) {
        let many = self.many_mask as usize;
        self.rest(LINGERING, Some(gather), || {
            self.events.len() > many || over()
        });
    }

    /// Rests until it is woken, at most for so long, unless it is `due`.
    fn rest(&self, how: u8, most: Option<Duration>, due: impl Fn() -> bool) {
        self.worker.get_or_init(thread::current);
        let begun = Instant::now();
        self.state.store(how, Ordering::SeqCst);
        // A thread may be woken for no reason: the state says what it was.
        while !due() && self.state.load(Ordering::SeqCst) == how {
            match most.map(|most| most.saturating_sub(begun.elapsed())) {
                None => thread::park(),
                Some(Duration::ZERO) => break,
                Some(left) => thread::park_timeout(left),
            }
        }
        self.state.store(BUSY, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::RunnerType;

    const EVENT: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    #[test]
    fn any_capacity_is_one_within_bounds() {
        assert_eq!(Queue::new(0).capacity(), 1);
        assert_eq!(Queue::new(usize::MAX).capacity(), StatsdMetrics::MAX_QUEUE);
    }

    /// Hangs if nobody wakes it.
    fn resting(
        queue: &Arc<Queue>,
        how: u8,
        rest: impl FnOnce(&Queue) + Send + 'static,
    ) -> thread::JoinHandle<()> {
        let worker = Arc::clone(queue);
        let worker = thread::spawn(move || rest(&worker));
        while queue.state.load(Ordering::SeqCst) != how {
            thread::yield_now();
        }
        worker
    }

    #[test]
    fn the_first_record_wakes_a_worker_that_is_parked() {
        let queue = Arc::new(Queue::new(8));
        let worker = resting(&queue, PARKED, |queue| queue.some(|| false));
        assert!(queue.push(EVENT, 1));
        assert!(worker.join().is_ok());
    }

    #[test]
    fn many_records_wake_a_worker_that_lingers_and_fewer_do_not() {
        let queue = Arc::new(Queue::new(8));
        let lingering = |queue: &Queue| queue.many(Duration::MAX, || false);
        let worker = resting(&queue, LINGERING, lingering);
        for number in 1..4 {
            assert!(queue.push(EVENT, number));
            assert_eq!(queue.state.load(Ordering::SeqCst), LINGERING, "{number}");
        }
        assert!(queue.push(EVENT, 4));
        assert!(worker.join().is_ok());
    }

    #[test]
    fn a_batch_wakes_a_worker_that_lingers_if_it_is_many() {
        let queue = Arc::new(Queue::new(8));
        let lingering = |queue: &Queue| queue.many(Duration::MAX, || false);
        let worker = resting(&queue, LINGERING, lingering);
        assert_eq!(queue.push_all(&[EVENT; 3], 0), 0);
        assert_eq!(queue.state.load(Ordering::SeqCst), LINGERING);
        assert_eq!(queue.push_all(&[EVENT; 7], 3), 2);
        assert!(worker.join().is_ok());
    }

    #[test]
    fn a_worker_lingers_no_longer_than_said() {
        let queue = Queue::new(8);
        queue.many(Duration::from_millis(1), || false);
        assert_eq!(queue.state.load(Ordering::SeqCst), BUSY);
    }
}
