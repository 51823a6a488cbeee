//! The bounded queue between recording threads and an exporter's worker.

use super::sync::{ArrayQueue, AtomicU8, Ordering};
use super::wakeup::Wakeup;
use crate::{DropReason, Event, Ledger, SharedLedgerWriter};

/// Records are queued.
const OPEN: u8 = 0;
/// Records are dropped, as `circuit_open`, until the circuit closes.
const CIRCUIT_OPEN: u8 = 1;
/// Records are dropped, as `shut_down`. The worker can still send queued records.
const CLOSED: u8 = 2;
/// Sending has ended: queued records are dropped, too.
const OVER: u8 = 3;

/// A bounded queue of records between recording threads and an exporter's worker, with the
/// ledger of these records.
///
/// Recording allocates nothing, takes no lock, and never waits. A record that finds the queue
/// full is dropped, as `queue_full`. One of the records that come while the worker rests
/// wakes the worker, with one system call.
///
/// There is one worker. It takes records with [`pop`](Self::pop) and sends them. It settles
/// them with [`deliver`](Self::deliver) or [`drop_for`](Self::drop_for), so that the ledger
/// balances at every moment.
///
/// ```
/// use solti_metrics::exporter::Queue;
/// use solti_metrics::{DropReason, Event, RunnerType};
///
/// let queue = Queue::new(2, 1);
/// queue.record_batch(&[Event::TaskStarted { runner: RunnerType::Wasm }; 3]);
/// assert!(queue.pop().is_some());
/// queue.deliver(1);
/// queue.end();
///
/// let ledger = queue.ledger().snapshot();
/// assert_eq!((ledger.accepted(), ledger.delivered(), ledger.in_flight()), (3, 1, 0));
/// assert_eq!(ledger.dropped(DropReason::QueueFull), 1);
/// assert_eq!(ledger.dropped(DropReason::ShutDown), 1);
/// ```
#[derive(Debug)]
pub struct Queue {
    events: Events,
    ledger: SharedLedgerWriter,
    /// Size of a batch minus one. The size is a power of two.
    batch_mask: u64,
    /// Sequentially consistent, like the accepted count of the ledger and the ends of the
    /// queue: a recording thread writes these and then reads the intake. A closing thread
    /// writes the intake and then reads these.
    intake: AtomicU8,
    wakeup: Wakeup,
}

#[cfg(not(all(test, loom)))]
type Events = ArrayQueue<Event>;
#[cfg(all(test, loom))]
type Events = ArrayQueue;

/// Maximum size of a batch, so that the next power of two exists.
const MOST: usize = 1 << 30;

impl Queue {
    /// A queue for `capacity` records, at least one. A worker that gathers records is woken
    /// when `batch` records have come, rounded up to a power of two. The queue allocates 24
    /// bytes for each record at once.
    #[must_use]
    pub fn new(capacity: usize, batch: usize) -> Self {
        Self {
            events: Events::new(capacity.max(1)),
            ledger: SharedLedgerWriter::default(),
            batch_mask: batch.clamp(1, MOST).next_power_of_two() as u64 - 1,
            intake: AtomicU8::new(OPEN),
            wakeup: Wakeup::new(),
        }
    }

    /// Takes a record, or drops it.
    #[inline]
    pub fn record(&self, event: Event) {
        let before = self.ledger.accept(1);
        let intake = self.intake.load(Ordering::SeqCst);
        if intake != OPEN {
            self.ledger.drop_for(drop_reason(intake), 1);
            return;
        }
        let taken = self.events.push(event).is_ok();
        if !taken {
            self.ledger.drop_for(DropReason::QueueFull, 1);
        }
        self.wakeup
            .pushed(!taken || (before + 1) & self.batch_mask == 0);
        self.sweep_if_over();
    }

    /// Takes records up to the capacity, and drops the others.
    ///
    /// All records are accepted at once, and are in flight until the last is queued.
    /// Therefore a thread that closes the queue meanwhile sees that records are still to
    /// come. The worker can be woken after each full batch and after the last record. For at
    /// most one batch, it is woken once.
    pub fn record_batch(&self, events: &[Event]) {
        let records = events.len() as u64;
        let mut number = self.ledger.accept(records);
        let intake = self.intake.load(Ordering::SeqCst);
        if intake != OPEN {
            self.ledger.drop_for(drop_reason(intake), records);
            return;
        }
        let mut rejected = 0;
        for run in events.chunks(self.batch_mask as usize + 1) {
            for &event in run {
                rejected += u64::from(self.events.push(event).is_err());
            }
            let last = number + run.len() as u64;
            // Whether one of these numbers is a multiple of the batch size.
            let gathered = (number ^ last) > self.batch_mask;
            self.wakeup.pushed(rejected > 0 || gathered);
            number = last;
        }
        if rejected > 0 {
            self.ledger.drop_for(DropReason::QueueFull, rejected);
        }
        self.sweep_if_over();
    }

    /// The ledger of the records. The view is live, and outlives the queue.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger.reader()
    }

    /// Number of records that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no record waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Maximum number of records that can wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.events.capacity()
    }

    /// Takes a record out. For the worker, which must settle the record.
    pub fn pop(&self) -> Option<Event> {
        self.events.pop()
    }

    /// Counts `records` records as delivered, of those that were taken out.
    #[inline]
    pub fn deliver(&self, records: u64) {
        self.ledger.deliver(records);
    }

    /// Counts `records` records as dropped for this reason, of those that were taken out.
    pub fn drop_for(&self, reason: DropReason, records: u64) {
        self.ledger.drop_for(reason, records);
    }

    /// Drops all records that wait, for this reason.
    pub fn drop_queued(&self, reason: DropReason) {
        let mut dropped = 0;
        while self.events.pop().is_some() {
            dropped += 1;
        }
        if dropped > 0 {
            self.ledger.drop_for(reason, dropped);
        }
    }

    /// Waits until there is a record. For the worker alone, which is a task or a thread that
    /// polls. The future can be dropped without a trace.
    pub async fn some(&self) {
        self.wakeup.park(|| !self.events.is_empty()).await;
    }

    /// Waits until a batch may have gathered, or the queue is full. For the worker alone,
    /// which limits this wait itself.
    pub async fn batch(&self) {
        let gathered = || {
            let queued = self.events.len();
            queued as u64 > self.batch_mask || queued >= self.events.capacity()
        };
        self.wakeup.linger(gathered).await;
    }

    /// Accepts records again after [`open_circuit`](Self::open_circuit). A closed queue stays
    /// closed.
    pub fn close_circuit(&self) {
        self.set_intake(OPEN);
    }

    /// Drops new records, as `circuit_open`, while the circuit breaker is open.
    pub fn open_circuit(&self) {
        self.set_intake(CIRCUIT_OPEN);
    }

    /// Drops new records, as `shut_down`, permanently. The worker sends the queued records.
    pub fn close(&self) {
        self.intake.fetch_max(CLOSED, Ordering::SeqCst);
    }

    /// Drops queued and new records, as `shut_down`, permanently. No record waits afterwards.
    pub fn end(&self) {
        self.intake.store(OVER, Ordering::SeqCst);
        self.sweep_if_over();
    }

    /// Whether the queue has [ended](Self::end).
    #[inline]
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.intake.load(Ordering::SeqCst) == OVER
    }

    fn set_intake(&self, intake: u8) {
        // A closed queue is not a failure.
        let _ = self
            .intake
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                (now < CLOSED).then_some(intake)
            });
    }

    /// A thread that found the queue open can push a record after the last check of the
    /// queue. Its push comes before this check of the intake, and the intake changes before
    /// that last check. Therefore one of the two threads drops the record.
    #[inline]
    fn sweep_if_over(&self) {
        if self.is_over() {
            self.drop_queued(DropReason::ShutDown);
        }
    }
}

#[cold]
fn drop_reason(intake: u8) -> DropReason {
    if intake == CIRCUIT_OPEN {
        DropReason::CircuitOpen
    } else {
        DropReason::ShutDown
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
