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
/// Records that come together wake it together, behind the last of them.
#[derive(Debug)]
pub(super) struct Queue {
    events: ArrayQueue<Event>,
    /// One less than a power of two: so many records make a batch.
    batch_mask: u64,
    worker: AtomicU8,
    wake: Notify,
}

/// A batch is no larger, so that there is a power of two above it.
const MOST: usize = 1 << 30;

impl Queue {
    pub(super) fn new(capacity: usize, batch: usize) -> Self {
        Self {
            events: ArrayQueue::new(capacity.max(1)),
            batch_mask: batch.clamp(1, MOST).next_power_of_two() as u64 - 1,
            worker: AtomicU8::new(BUSY),
            wake: Notify::new(),
        }
    }

    /// Takes the record with this number, if there is room.
    #[inline]
    pub(super) fn push(&self, event: Event, number: u64) -> bool {
        let taken = self.events.push(event).is_ok();
        self.wake_if_due(!taken || number & self.batch_mask == 0);
        taken
    }

    /// Takes the records that come after the one with this number, as far as there
    /// is room. Returns how many found none.
    ///
    /// The worker may be woken behind each run of as many records as make a batch,
    /// and behind the last: for a batch of its own or less, that is once.
    pub(super) fn push_all(&self, events: &[Event], before: u64) -> u64 {
        let (mut number, mut refused) = (before, 0);
        for run in events.chunks(self.batch_mask as usize + 1) {
            for &event in run {
                refused += u64::from(self.events.push(event).is_err());
            }
            let last = number + run.len() as u64;
            // Whether one of these numbers is a multiple.
            let gathered = (number ^ last) > self.batch_mask;
            self.wake_if_due(refused > 0 || gathered);
            number = last;
        }
        refused
    }

    /// Wakes the worker behind a push, if it is parked, or if it lingers and that
    /// is to end.
    #[inline]
    fn wake_if_due(&self, enough: bool) {
        // The push is ordered before this load, and the worker's announcement
        // before its last look: one of the two sees the other.
        match self.worker.load(Ordering::SeqCst) {
            BUSY => {}
            LINGERING if !enough => {}
            _ => self.wake(),
        }
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

    use parking_lot::Mutex;
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
    fn many_records_find_the_room_that_there_is() {
        let queue = Queue::new(3, 1_024);
        assert_eq!(queue.push_all(&[EVENT; 2], 0), 0);
        assert_eq!(queue.push_all(&[EVENT; 5], 2), 4);
        assert_eq!(queue.push_all(&[], 7), 0);
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn a_batch_without_bounds_is_the_largest_that_there_is() {
        let queue = Queue::new(4, usize::MAX);
        assert!(queue.push(EVENT, 1));
        assert_eq!(queue.push_all(&[EVENT; 2], 1), 0);
        assert_eq!(queue.len(), 3);
    }

    #[test]
    fn many_records_wake_a_worker_that_is_parked() {
        let queue = Queue::new(8, 4);
        let mut parked = pin!(queue.some());
        assert!(!ready(parked.as_mut()));
        queue.push_all(&[EVENT; 2], 0);
        assert!(ready(parked.as_mut()));
    }

    /// A batch is of four here: the records are counted as they come, alone or
    /// with others.
    #[test]
    fn many_records_wake_a_worker_that_lingers_where_single_ones_do() {
        for before in 0..9 {
            for records in 0..9_u64 {
                let (single, together) = (Queue::new(16, 4), Queue::new(16, 4));
                let (mut one, mut other) = (pin!(single.batch()), pin!(together.batch()));
                assert!(!ready(one.as_mut()) && !ready(other.as_mut()));
                for number in before + 1..=before + records {
                    single.push(EVENT, number);
                }
                together.push_all(&vec![EVENT; records as usize], before);
                let woken = ready(one.as_mut());
                assert_eq!(ready(other.as_mut()), woken, "{records} after {before}");
                assert_eq!(woken, before / 4 < (before + records) / 4);
            }
        }
    }

    #[test]
    fn many_records_without_room_wake_a_worker_that_lingers() {
        let queue = Queue::new(2, 1_024);
        let mut lingering = pin!(queue.batch());
        assert!(!ready(lingering.as_mut()));
        queue.push_all(&[EVENT; 2], 0);
        assert!(!ready(lingering.as_mut()));
        queue.push_all(&[EVENT; 2], 2);
        assert!(ready(lingering.as_mut()));
    }

    /// Notes how many records were queued whenever somebody is woken.
    struct Noting(Arc<Queue>, Mutex<Vec<usize>>);

    impl Wake for Noting {
        fn wake(self: Arc<Self>) {
            self.1.lock().push(self.0.len());
        }
    }

    #[test]
    fn a_worker_is_woken_once_by_many_records_and_finds_a_whole_batch() {
        for (records, found) in [(1, 1), (3, 3), (4, 4), (5, 4), (13, 4)] {
            let queue = Arc::new(Queue::new(16, 4));
            let noting = Arc::new(Noting(queue.clone(), Mutex::default()));
            let mut parked = pin!(queue.some());
            let waker = Waker::from(noting.clone());
            let polled = parked.as_mut().poll(&mut Context::from_waker(&waker));
            assert_eq!(polled, Poll::Pending);
            queue.push_all(&vec![EVENT; records], 0);
            assert_eq!(*noting.1.lock(), [found], "{records}");
        }
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
