//! Models of a slot in which a due run replaces the current run.

use std::sync::Arc;

use loom::sync::mpsc::channel;
use loom::thread;

use super::replaceable_slot::ReplaceableSlot;
use super::stats::Stats;
use crate::notify::forgetful;
use crate::waiting::block_on;

/// A worker that is never woken is a deadlock, which the model reports.
fn a_clock_and_a_worker() {
    loom::model(|| {
        let shared = Arc::new((ReplaceableSlot::default(), Stats::default()));
        let clock = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.0.admit(&shared.1))
        };
        let (slot, _) = &*shared;
        let worker = slot.enter();
        assert!(block_on(slot.due(worker)), "the run is lost");
        slot.started(worker);
        slot.ended(worker);
        assert!(clock.join().is_ok());
        assert_eq!(slot.taken(), 0);
    });
}

#[test]
fn a_due_run_reaches_the_worker_that_waits_for_it() {
    a_clock_and_a_worker();
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_model_finds_a_lost_notification_of_a_due_run() {
    forgetful(a_clock_and_a_worker);
}

/// A clock, a worker whose run ends when it is canceled, and the supervisor, which cancels
/// the run when it is replaced.
fn a_replacement() {
    loom::model(|| {
        let shared = Arc::new((ReplaceableSlot::default(), Stats::default()));
        let first = running(&shared);
        let (cancel, canceled) = channel();
        let working = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                assert!(canceled.recv().is_ok());
                shared.0.ended(first);
                assert!(
                    !block_on(shared.0.due(first)),
                    "a replaced worker continues"
                );
            })
        };
        let clock = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.0.admit(&shared.1))
        };
        let (slot, _) = &*shared;
        block_on(slot.replaced());
        assert!(cancel.send(()).is_ok());
        for thread in [working, clock] {
            assert!(thread.join().is_ok());
        }
        let second = slot.enter();
        assert!(block_on(slot.due(second)), "the run is lost");
        assert_eq!(slot.taken(), 1);
    });
}

/// A worker whose run executes.
fn running(shared: &(ReplaceableSlot, Stats)) -> u64 {
    let (slot, stats) = shared;
    let worker = slot.enter();
    slot.admit(stats);
    slot.started(worker);
    worker
}

#[test]
fn a_due_run_replaces_the_current_run_and_starts_in_the_next_worker() {
    a_replacement();
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_model_finds_a_lost_notification_of_a_replacement() {
    forgetful(a_replacement);
}

/// The next run is taken by this worker if it is due after the end of the current run, and
/// by the next worker if it has replaced the current run.
#[test]
fn a_run_that_is_due_at_the_end_of_the_current_run_is_taken_once() {
    loom::model(|| {
        let shared = Arc::new((ReplaceableSlot::default(), Stats::default()));
        let first = running(&shared);
        let clock = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.0.admit(&shared.1))
        };
        let (slot, _) = &*shared;
        slot.ended(first);
        if !block_on(slot.due(first)) {
            let second = slot.enter();
            assert!(block_on(slot.due(second)), "the run is lost");
        }
        assert!(clock.join().is_ok());
        assert_eq!(slot.taken(), 1);
    });
}

/// The supervisor gave up waiting for a run, which ends while the next worker starts.
#[test]
fn an_abandoned_run_takes_nothing_from_the_next_worker() {
    loom::model(|| {
        let shared = Arc::new((ReplaceableSlot::default(), Stats::default()));
        let abandoned = running(&shared);
        let (slot, stats) = &*shared;
        slot.admit(stats);
        let ending = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.0.ended(abandoned);
                assert!(
                    !block_on(shared.0.due(abandoned)),
                    "an abandoned worker continues"
                );
            })
        };
        let next = slot.enter();
        assert!(block_on(slot.due(next)), "the run is lost");
        slot.started(next);
        assert!(ending.join().is_ok());
        assert_eq!(slot.taken(), 1, "the next run left its slot");
    });
}
