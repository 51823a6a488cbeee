use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Counters, DropReason, Ledger};

/// Moves the counters of a ledger that many threads write at once: that of a
/// backend, which is called by every guest and settles on a thread of its own.
#[derive(Debug, Default)]
pub(crate) struct SharedLedgerWriter {
    counters: Arc<Counters>,
}

impl SharedLedgerWriter {
    pub(crate) fn reader(&self) -> Ledger {
        Ledger {
            counters: Arc::clone(&self.counters),
        }
    }

    /// Returns how many records were accepted before these.
    #[inline]
    pub(crate) fn accept(&self, records: u64) -> u64 {
        add(&self.counters.accepted, records)
    }

    #[inline]
    pub(crate) fn deliver(&self, records: u64) {
        add(&self.counters.delivered, records);
    }

    #[cold]
    pub(crate) fn drop_for(&self, reason: DropReason, records: u64) {
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
