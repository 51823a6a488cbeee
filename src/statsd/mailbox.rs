//! The queue between recording threads and the worker, with its ledger.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::StatsdMetrics;
use super::datagram::Datagram;
use crate::exporter::{Attempts, ExporterStatus, NotFlushed, Orders, Queue};
use crate::{DropReason, Event};

/// Number of records that wakes a worker that gathers.
const MANY: usize = 1024;

/// State that recording threads and the worker share. It accounts for each record once.
#[derive(Debug)]
pub(super) struct Mailbox {
    pub(super) queue: Queue,
    pub(super) orders: Orders,
    attempts: Mutex<Attempts>,
    taken: Mutex<TakenRecords>,
}

/// Records that the worker has taken out of the queue. No thread holds this lock during a
/// send, and no recording thread takes it.
#[derive(Debug, Default)]
struct TakenRecords {
    /// Records in the datagram that is being sent.
    records: u64,
    /// Record that did not fit into this datagram, and is the first of the next one.
    next: Option<Event>,
}

impl Mailbox {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, StatsdMetrics::MAX_QUEUE_CAPACITY);
        Self {
            // The worker wakes while the queue has free capacity.
            queue: Queue::new(capacity, MANY.min(capacity / 2)),
            orders: Orders::default(),
            attempts: Mutex::default(),
            taken: Mutex::default(),
        }
    }

    pub(super) fn status(&self) -> ExporterStatus {
        let status = ExporterStatus {
            queued: self.queue.len(),
            queue_capacity: Some(self.queue.capacity()),
            ..ExporterStatus::new(self.queue.ledger().snapshot())
        };
        self.attempts().describe(status)
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.orders.flush(within)
    }

    /// Rejects new records, and gives the worker this time to send the others. Returns
    /// whether the worker has ended.
    pub(super) fn close(&self, within: Duration) -> bool {
        self.queue.close();
        let ended = self.orders.shut_down(within);
        self.end();
        ended
    }

    /// Rejects new records, and gives the worker this time to send the others, without
    /// waiting for it.
    pub(super) fn leave(&self, within: Duration) {
        self.queue.close();
        self.orders.end_within(within);
    }

    /// Takes as many records as fit. Returns false if there are none, or if sending has
    /// ended. For the worker alone, which sends them and then calls `settle` or `failed`.
    pub(super) fn take(&self, datagram: &mut Datagram) -> bool {
        let mut taken = self.taken();
        if self.is_over() {
            return false;
        }
        while let Some(event) = taken.next.take().or_else(|| self.queue.pop()) {
            if !datagram.add(event) {
                taken.next = Some(event);
                break;
            }
        }
        taken.records = datagram.records();
        taken.records > 0
    }

    /// Settles the records that were taken last. After the end, they are already settled.
    pub(super) fn settle(&self, sent: Result<(), String>) {
        let mut taken = self.taken();
        let records = std::mem::take(&mut taken.records);
        match sent {
            Ok(()) => {
                self.attempts().succeeded(None);
                self.queue.deliver(records);
            }
            Err(why) => {
                self.attempts().failed(why);
                self.queue.drop_for(DropReason::BackendFailed, records);
            }
        }
    }

    /// Counts a failed attempt. The records that were taken last wait for another attempt.
    pub(super) fn failed(&self, why: String) {
        self.attempts().failed(why);
    }

    /// Whether sending has ended.
    pub(super) fn is_over(&self) -> bool {
        self.queue.is_over() || self.orders.asked().is_over()
    }

    /// Marks the worker as ended, and wakes the threads that wait for it.
    pub(super) fn retire(&self) {
        self.end();
        self.orders.retire();
    }

    /// Drops all remaining records, queued or taken.
    fn end(&self) {
        let mut taken = self.taken();
        self.queue.end();
        let next = u64::from(taken.next.take().is_some());
        let records = std::mem::take(&mut taken.records) + next;
        self.queue.drop_for(DropReason::ShutDown, records);
    }

    /// A panic cannot leave these records inconsistent: no code panics between lock and
    /// unlock.
    fn taken(&self) -> MutexGuard<'_, TakenRecords> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::StatsdDialect;
    use super::super::lines::LineWriter;
    use super::*;
    use crate::RunnerType;

    const EVENT: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    fn datagram() -> Datagram {
        Datagram::new(&LineWriter::new(StatsdDialect::Plain, "", &[]))
    }

    /// Records dropped as `queue_full`, `backend_failed` and `shut_down`.
    fn drops(status: &ExporterStatus) -> [u64; 3] {
        [
            DropReason::QueueFull,
            DropReason::BackendFailed,
            DropReason::ShutDown,
        ]
        .map(|reason| status.ledger.dropped(reason))
    }

    #[test]
    fn any_capacity_is_one_within_bounds() {
        let capacity = |asked| Mailbox::new(asked).queue.capacity();
        assert_eq!(capacity(0), 1);
        assert_eq!(capacity(usize::MAX), StatsdMetrics::MAX_QUEUE_CAPACITY);
    }

    #[test]
    fn records_above_the_capacity_are_counted_and_not_stored() {
        let mailbox = Mailbox::new(2);
        mailbox.queue.record_batch(&[EVENT; 3]);
        mailbox.queue.record(EVENT);
        let status = mailbox.status();
        assert_eq!((status.queued, status.queue_capacity), (2, Some(2)));
        let ledger = status.ledger;
        assert_eq!((ledger.accepted(), ledger.in_flight()), (4, 2));
        assert_eq!(drops(&status), [2, 0, 0]);
    }

    #[test]
    fn sent_and_lost_records_are_counted_as_such() {
        let mailbox = Mailbox::new(8);
        for sent in [Ok(()), Err("lost".to_owned())] {
            mailbox.queue.record_batch(&[EVENT; 3]);
            assert!(mailbox.take(&mut datagram()));
            assert_eq!(mailbox.status().ledger.in_flight(), 3);
            mailbox.settle(sent);
        }
        let status = mailbox.status();
        assert_eq!((status.attempts, status.failures), (2, 1));
        let ledger = status.ledger;
        assert_eq!((ledger.delivered(), ledger.in_flight()), (3, 0));
        assert_eq!(drops(&status), [0, 3, 0]);
    }

    #[test]
    fn the_end_does_not_wait_for_a_send_that_hangs_and_counts_its_records_once() {
        let mailbox = Mailbox::new(8_192);
        mailbox.queue.record_batch(&[EVENT; 5_000]);
        assert!(mailbox.take(&mut datagram()));
        assert!(!mailbox.close(Duration::ZERO));
        let status = mailbox.status();
        assert_eq!(status.ledger.in_flight(), 0);
        assert_eq!(drops(&status), [0, 0, 5_000]);
        // The send returns now.
        mailbox.settle(Ok(()));
        assert!(!mailbox.take(&mut datagram()));
        mailbox.retire();
        mailbox.queue.record(EVENT);
        assert!(mailbox.close(Duration::MAX));
        let status = mailbox.status();
        let ledger = status.ledger;
        assert_eq!((ledger.accepted(), ledger.delivered()), (5_001, 0));
        assert_eq!(ledger.in_flight(), 0);
        assert_eq!(drops(&status), [0, 0, 5_001]);
    }

    #[test]
    fn a_drop_does_not_wait_and_the_worker_stops_in_time() {
        let mailbox = Mailbox::new(8);
        mailbox.queue.record_batch(&[EVENT; 3]);
        assert!(mailbox.take(&mut datagram()));
        mailbox.queue.record(EVENT);
        mailbox.leave(Duration::ZERO);
        // A send is in progress, and `leave` did not wait for it.
        assert_eq!(mailbox.status().ledger.in_flight(), 4);
        mailbox.settle(Err("lost".to_owned()));
        assert!(mailbox.is_over());
        assert!(!mailbox.take(&mut datagram()));
        mailbox.retire();
        assert_eq!(mailbox.status().ledger.in_flight(), 0);
        assert_eq!(drops(&mailbox.status()), [0, 3, 1]);
    }
}
