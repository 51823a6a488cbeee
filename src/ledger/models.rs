//! Models of the ledgers, which `make loom` checks against every interleaving of threads.

use std::sync::Arc;

use loom::thread;

use super::{DropReason, Ledger, LedgerSnapshot, LedgerTotals, LedgerWriter, SharedLedgerWriter};
use crate::sync::Ordering;
use crate::sync::modelled::{AtomicAccess, torn, weakened};

fn balanced(seen: LedgerSnapshot) -> LedgerSnapshot {
    let settled = seen.delivered() + seen.dropped_total();
    assert!(settled <= seen.accepted(), "settled, and not accepted");
    assert!(
        seen.clamped() <= seen.accepted(),
        "clamped, and not accepted"
    );
    seen
}

/// One thread writes, and another thread reads.
///
/// `loom` remembers one access to each atomic: it forgets another thread's load when the
/// writer loads the same counter before its store. Therefore the reader is the thread that
/// `loom` starts last.
fn a_guest_and_a_reader() {
    loom::model(|| {
        let mut writer = LedgerWriter::new(Vec::new());
        let reader = writer.reader();
        let reading = thread::spawn(move || balanced(reader.snapshot()));
        let reader = writer.reader();
        writer.accept(1);
        writer.clamp();
        writer.deliver(1);
        writer.accept(1);
        writer.drop_for(DropReason::Quota, 1);
        assert!(reading.join().is_ok());
        let seen = balanced(reader.snapshot());
        assert_eq!((seen.accepted(), seen.in_flight()), (2, 0));
    });
}

#[test]
fn a_reader_of_a_guests_ledger_sees_no_settled_record_that_was_not_accepted() {
    a_guest_and_a_reader();
}

#[test]
#[should_panic(expected = "and not accepted")]
fn the_model_finds_a_relaxed_store_of_the_writer() {
    weakened(
        "ledger/writer.rs",
        AtomicAccess::Store,
        Ordering::Relaxed,
        a_guest_and_a_reader,
    );
}

#[test]
#[should_panic(expected = "and not accepted")]
fn the_model_finds_a_relaxed_load_of_the_reader() {
    weakened(
        "ledger/counters.rs",
        AtomicAccess::Load,
        Ordering::Relaxed,
        a_guest_and_a_reader,
    );
}

/// Two threads write, and a third thread reads.
fn a_backend_and_a_reader() {
    loom::model(|| {
        let writer = Arc::new(SharedLedgerWriter::default());
        let reader: Ledger = writer.reader();
        let writing = [(); 2].map(|()| {
            let writer = Arc::clone(&writer);
            thread::spawn(move || {
                writer.accept(1);
                writer.deliver(1);
            })
        });
        balanced(reader.snapshot());
        for thread in writing {
            assert!(thread.join().is_ok());
        }
        let seen = balanced(reader.snapshot());
        assert_eq!((seen.accepted(), seen.delivered()), (2, 2), "lost");
    });
}

#[test]
fn a_reader_of_a_backends_ledger_sees_no_settled_record_that_was_not_accepted() {
    a_backend_and_a_reader();
}

#[test]
#[should_panic(expected = "and not accepted")]
fn the_model_finds_a_relaxed_addition_of_a_backend() {
    weakened(
        "shared_writer.rs",
        AtomicAccess::Update,
        Ordering::Relaxed,
        a_backend_and_a_reader,
    );
}

#[test]
#[should_panic(expected = "lost")]
fn the_model_finds_an_addition_of_a_backend_that_is_not_atomic() {
    torn("shared_writer.rs", a_backend_and_a_reader);
}

/// A guest ends while a reader adds the ledgers up.
fn an_end_and_a_total() {
    loom::model(|| {
        let totals = LedgerTotals::new();
        let mut writer = LedgerWriter::new(vec![totals.clone()]);
        let reading = {
            let totals = totals.clone();
            thread::spawn(move || {
                let before = balanced(totals.total());
                let after = balanced(totals.total());
                assert!(before.accepted() <= after.accepted(), "a total went back");
                assert!(before.delivered() <= after.delivered(), "a total went back");
            })
        };
        writer.accept(1);
        writer.deliver(1);
        drop(writer);
        assert!(reading.join().is_ok());
        let seen = balanced(totals.total());
        assert_eq!((seen.accepted(), seen.delivered()), (1, 1), "counted once");
    });
}

#[test]
fn totals_include_a_ledger_once_while_its_guest_ends() {
    an_end_and_a_total();
}

#[test]
#[should_panic(expected = "and not accepted")]
fn the_model_finds_a_relaxed_load_of_the_totals() {
    weakened(
        "ledger/counters.rs",
        AtomicAccess::Load,
        Ordering::Relaxed,
        an_end_and_a_total,
    );
}
