use std::sync::atomic::{AtomicU8, Ordering};

use crossbeam_queue::ArrayQueue;
use solti_metrics::Event;
use tokio::sync::Notify;

/// The worker looks into the queue by itself.
const BUSY: u8 = 0;
/// The worker rests for a moment, so that a batch can gather. It is woken when
/// one has.
const LINGERING: u8 = 1;
/// The worker rests until there is something to do.
const PARKED: u8 = 2;

/// Between whoever records and the worker: bounded, and nobody waits on this
/// side of it.
///
/// To wake a thread costs more than all the rest of a record. Only the first
/// record after a pause does it, and one of each batch while the worker lingers.
#[derive(Debug)]
pub(super) struct Queue {
    events: ArrayQueue<Event>,
    /// One less than a power of two: so many records make a batch.
    batch_mask: u64,
    worker: AtomicU8,
    wake: Notify,
}

impl Queue {
    pub(super) fn new(capacity: usize, batch: usize) -> Self {
        Self {
            events: ArrayQueue::new(capacity.max(1)),
            batch_mask: batch.max(1).next_power_of_two() as u64 - 1,
            worker: AtomicU8::new(BUSY),
            wake: Notify::new(),
        }
    }

    /// Takes the record with this number, if there is room.
    #[inline]
    pub(super) fn push(&self, event: Event, number: u64) -> bool {
        let taken = self.events.push(event).is_ok();
        // The push is ordered before this load, and the worker's announcement
        // before its last look: one of the two sees the other.
        match self.worker.load(Ordering::SeqCst) {
            BUSY => {}
            LINGERING if taken && number & self.batch_mask != 0 => {}
            _ => self.wake(),
        }
        taken
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

    #[cold]
    fn wake(&self) {
        if self.worker.swap(BUSY, Ordering::SeqCst) != BUSY {
            self.wake.notify_one();
        }
    }

    /// Waits until there is a record. For the worker alone.
    pub(super) async fn some(&self) {
        let _rest = self.rest(PARKED);
        if self.events.is_empty() {
            self.wake.notified().await;
        }
    }

    /// Waits until a batch may have gathered. For the worker alone.
    pub(super) async fn batch(&self) {
        let _rest = self.rest(LINGERING);
        if self.events.len() as u64 <= self.batch_mask {
            self.wake.notified().await;
        }
    }

    fn rest(&self, how: u8) -> Rest<'_> {
        self.worker.store(how, Ordering::SeqCst);
        Rest(self)
    }
}

/// The worker rests. It is busy again when this goes away, be it that something
/// else has woken it.
struct Rest<'a>(&'a Queue);

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.worker.store(BUSY, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    use solti_metrics::RunnerType;

    use super::*;

    const EVENT: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    fn ready(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        let waker = Waker::from(Arc::new(Nobody));
        future.poll(&mut Context::from_waker(&waker)) == Poll::Ready(())
    }

    #[test]
    fn a_full_queue_takes_no_more() {
        let queue = Queue::new(2, 1_024);
        assert!(queue.push(EVENT, 0) && queue.push(EVENT, 1));
        assert!(!queue.push(EVENT, 2));
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn the_first_record_wakes_a_worker_that_is_parked() {
        let queue = Queue::new(8, 4);
        let mut parked = pin!(queue.some());
        assert!(!ready(parked.as_mut()));
        queue.push(EVENT, 1);
        assert!(ready(parked.as_mut()));
    }

    #[test]
    fn a_batch_wakes_a_worker_that_lingers_and_fewer_records_do_not() {
        let queue = Queue::new(8, 4);
        let mut lingering = pin!(queue.batch());
        assert!(!ready(lingering.as_mut()));
        for number in 1..4 {
            queue.push(EVENT, number);
            assert!(!ready(lingering.as_mut()), "{number}");
        }
        queue.push(EVENT, 4);
        assert!(ready(lingering.as_mut()));
    }

    #[test]
    fn a_full_queue_wakes_a_worker_that_lingers() {
        let queue = Queue::new(2, 1_024);
        let mut lingering = pin!(queue.batch());
        assert!(!ready(lingering.as_mut()));
        queue.push(EVENT, 1);
        queue.push(EVENT, 2);
        assert!(!ready(lingering.as_mut()));
        queue.push(EVENT, 3);
        assert!(ready(lingering.as_mut()));
    }

    #[test]
    fn a_worker_that_finds_records_does_not_rest() {
        let queue = Queue::new(8, 4);
        queue.push(EVENT, 1);
        assert!(ready(pin!(queue.some())));
        for number in 2..5 {
            queue.push(EVENT, number);
        }
        assert!(ready(pin!(queue.batch())));
    }
}
