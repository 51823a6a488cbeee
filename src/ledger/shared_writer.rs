use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::counters::{Counters, Ledger};
use super::drop_reason::DropReason;

/// Moves the counters of a ledger that many threads write at once: that of a
/// backend, which is called by every guest and settles on a thread of its own.
#[derive(Debug, Default)]
pub struct SharedLedgerWriter {
    counters: Arc<Counters>,
}

impl SharedLedgerWriter {
    /// A view of this ledger.
    #[must_use]
    pub fn reader(&self) -> Ledger {
        Ledger::of(&self.counters)
    }

    /// So many records were made. Returns how many were made before them.
    #[inline]
    pub fn accept(&self, records: u64) -> u64 {
        add(&self.counters.accepted, records)
    }

    /// The backend took so many records.
    #[inline]
    pub fn deliver(&self, records: u64) {
        add(&self.counters.delivered, records);
    }

    /// So many records did not reach the backend, for this reason.
    #[cold]
    pub fn drop_for(&self, reason: DropReason, records: u64) {
        add(&self.counters.dropped[reason as usize], records);
    }
}

/// Sequentially consistent, at no price on x86: whoever has accepted a record
/// sees an intake that was closed before, or is seen by whoever closed it.
#[inline]
fn add(counter: &AtomicU64, records: u64) -> u64 {
    counter.fetch_add(records, Ordering::SeqCst)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn records_of_many_threads_are_all_counted() {
        let writer = SharedLedgerWriter::default();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10_000 {
                        writer.accept(1);
                        writer.deliver(1);
                    }
                });
            }
        });
        let ledger = writer.reader().snapshot();
        assert_eq!((ledger.accepted(), ledger.delivered()), (40_000, 40_000));
        assert_eq!(ledger.in_flight(), 0);
    }
}
