//! The writer of a ledger that one thread changes.

use std::sync::Arc;

use super::counters::{Counters, Ledger};
use super::drop_reason::DropReason;
use super::ledger_totals::LedgerTotals;
use crate::sync::{AtomicU64, Ordering};

/// Changes the counters of a ledger with one writer. An increment is a load and a store,
/// without a lock on the bus.
#[derive(Debug)]
pub struct LedgerWriter {
    counters: Arc<Counters>,
    ledger_totals: Vec<LedgerTotals>,
}

impl LedgerWriter {
    /// An empty ledger, which each of these totals includes. Totals that are given twice
    /// include the ledger once.
    #[must_use]
    pub fn new(given: Vec<LedgerTotals>) -> Self {
        let mut ledger_totals: Vec<LedgerTotals> = Vec::with_capacity(given.len());
        for totals in given {
            if !ledger_totals.iter().any(|known| known.is(&totals)) {
                ledger_totals.push(totals);
            }
        }
        let counters = Arc::new(Counters::default());
        for totals in &ledger_totals {
            totals.open(&counters);
        }
        Self {
            counters,
            ledger_totals,
        }
    }

    /// A view of this ledger.
    #[must_use]
    pub fn reader(&self) -> Ledger {
        Ledger::of(&self.counters)
    }

    /// Counts `records` accepted records.
    #[inline]
    pub fn accept(&mut self, records: u64) {
        increase(&self.counters.accepted, records);
    }

    /// Counts `records` records as delivered to the backend.
    #[inline]
    pub fn deliver(&mut self, records: u64) {
        increase(&self.counters.delivered, records);
    }

    /// Counts `records` records as dropped for this reason.
    #[cold]
    pub fn drop_for(&mut self, reason: DropReason, records: u64) {
        increase(&self.counters.dropped[reason as usize], records);
    }

    /// Counts a record whose duration was lowered to the ceiling.
    #[cold]
    pub fn clamp(&mut self) {
        increase(&self.counters.clamped, 1);
    }
}

impl Drop for LedgerWriter {
    fn drop(&mut self) {
        for totals in &self.ledger_totals {
            totals.close(&self.counters);
        }
    }
}

/// Only this writer changes the counter, so the load is relaxed. The store releases: a reader
/// that sees a settled record also sees that the record was accepted.
#[inline]
fn increase(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Release,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_under_way_is_in_flight_until_it_is_settled() {
        let mut writer = LedgerWriter::new(Vec::new());
        writer.accept(1);
        assert_eq!(writer.reader().snapshot().in_flight(), 1);
        writer.deliver(1);
        assert_eq!(writer.reader().snapshot().in_flight(), 0);
        writer.accept(1);
        writer.drop_for(DropReason::Quota, 1);
        let snapshot = writer.reader().snapshot();
        assert_eq!(snapshot.in_flight(), 0);
        assert_eq!(snapshot.accepted(), 2);
        assert_eq!(snapshot.delivered(), 1);
        assert_eq!(snapshot.dropped(DropReason::Quota), 1);
    }

    #[test]
    fn totals_include_open_and_closed_ledgers() {
        let totals = LedgerTotals::new();
        let mut open = LedgerWriter::new(vec![totals.clone()]);
        let mut closed = LedgerWriter::new(vec![totals.clone()]);
        for writer in [&mut open, &mut closed] {
            writer.accept(1);
            writer.deliver(1);
        }
        drop(closed);
        assert_eq!(totals.total().delivered(), 2);
        open.accept(1);
        assert_eq!(totals.total().in_flight(), 1);
    }

    #[test]
    fn totals_that_are_given_twice_include_a_ledger_once() {
        let totals = LedgerTotals::new();
        let mut writer = LedgerWriter::new(vec![totals.clone(), totals.clone()]);
        writer.accept(1);
        assert_eq!(totals.total().accepted(), 1);
        drop(writer);
        assert_eq!(totals.total().accepted(), 1);
    }

    #[test]
    fn each_of_several_totals_includes_the_whole_ledger() {
        let (all, some) = (LedgerTotals::new(), LedgerTotals::new());
        let mut both = LedgerWriter::new(vec![all.clone(), some.clone()]);
        let mut one = LedgerWriter::new(vec![all.clone()]);
        for writer in [&mut both, &mut one] {
            writer.accept(2);
            writer.deliver(1);
            writer.drop_for(DropReason::Quota, 1);
        }
        for _ in 0..2 {
            assert_eq!((all.total().accepted(), some.total().accepted()), (4, 2));
            assert_eq!(some.total().dropped(DropReason::Quota), 1);
            assert_eq!((all.total().in_flight(), some.total().in_flight()), (0, 0));
            // The second round checks the totals after the ledger is closed.
            both = LedgerWriter::new(Vec::new());
        }
        drop((both, one));
    }

    #[test]
    fn a_reader_on_another_thread_never_sees_more_settled_than_accepted() {
        let mut writer = LedgerWriter::new(Vec::new());
        let reader = writer.reader();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..200_000 {
                    writer.accept(1);
                    writer.deliver(1);
                }
            });
            loop {
                let seen = reader.snapshot();
                assert!(seen.delivered() <= seen.accepted());
                if seen.delivered() == 200_000 {
                    break;
                }
            }
        });
    }
}
