use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod book;
mod drop_reason;
#[cfg(feature = "provider")]
mod shared_writer;
mod snapshot;

pub use book::LedgerBook;
pub use drop_reason::DropReason;
pub use snapshot::LedgerSnapshot;

#[cfg(feature = "provider")]
pub(crate) use shared_writer::SharedLedgerWriter;

/// What became of the records of one context: a shared, live view.
///
/// At every moment `accepted = delivered + dropped + in flight`, and nothing is
/// in flight once the context rests. The one writer is the context; a reader on
/// any thread sees a state that balances.
#[derive(Clone)]
pub struct Ledger {
    counters: Arc<Counters>,
}

impl Ledger {
    /// The counts of this moment.
    #[must_use]
    pub fn snapshot(&self) -> LedgerSnapshot {
        self.counters.snapshot()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

#[derive(Debug, Default)]
struct Counters {
    accepted: AtomicU64,
    delivered: AtomicU64,
    clamped: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
}

impl Counters {
    /// A record is accepted before it is settled, and the settling is read
    /// first: whatever is seen as settled is seen as accepted too.
    fn snapshot(&self) -> LedgerSnapshot {
        LedgerSnapshot {
            dropped: std::array::from_fn(|reason| self.dropped[reason].load(Ordering::Acquire)),
            delivered: self.delivered.load(Ordering::Acquire),
            clamped: self.clamped.load(Ordering::Acquire),
            accepted: self.accepted.load(Ordering::Acquire),
        }
    }
}

/// The one place where a counter moves. There is one writer for each ledger, so
/// that an increment is a load and a store and takes no lock on the bus.
pub(crate) struct LedgerWriter {
    counters: Arc<Counters>,
    books: Vec<LedgerBook>,
}

impl LedgerWriter {
    /// In each of these books, which are different ones.
    pub(crate) fn new(books: Vec<LedgerBook>) -> Self {
        let counters = Arc::new(Counters::default());
        for book in &books {
            book.open(&counters);
        }
        Self { counters, books }
    }

    pub(crate) fn reader(&self) -> Ledger {
        Ledger {
            counters: Arc::clone(&self.counters),
        }
    }

    #[inline]
    pub(crate) fn accept(&mut self, records: u64) {
        increase(&self.counters.accepted, records);
    }

    #[inline]
    pub(crate) fn deliver(&mut self, records: u64) {
        increase(&self.counters.delivered, records);
    }

    #[cold]
    pub(crate) fn drop_for(&mut self, reason: DropReason, records: u64) {
        increase(&self.counters.dropped[reason as usize], records);
    }

    #[cold]
    pub(crate) fn clamp(&mut self) {
        increase(&self.counters.clamped, 1);
    }
}

impl Drop for LedgerWriter {
    fn drop(&mut self) {
        for book in &self.books {
            book.close(&self.counters);
        }
    }
}

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
    fn a_book_sums_open_and_closed_ledgers() {
        let book = LedgerBook::new();
        let mut open = LedgerWriter::new(vec![book.clone()]);
        let mut closed = LedgerWriter::new(vec![book.clone()]);
        for writer in [&mut open, &mut closed] {
            writer.accept(1);
            writer.deliver(1);
        }
        drop(closed);
        assert_eq!(book.total().delivered(), 2);
        open.accept(1);
        assert_eq!(book.total().in_flight(), 1);
    }

    #[test]
    fn each_book_of_a_ledger_has_it_whole() {
        let (all, some) = (LedgerBook::new(), LedgerBook::new());
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
            // It is there when the ledger is closed as well.
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
