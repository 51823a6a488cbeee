//! Models of due runs that the first free slot takes.

use std::sync::Arc;

use loom::thread;

use super::RunOutcome;
use super::due_runs::DueRuns;
use super::run::{RunContext, end};
use super::run_queue::RunQueue;
use super::stats::{Snapshot, Stats};
use crate::modelled::torn;
use crate::waiting::block_on;

fn succeeded(snapshot: &Snapshot) -> u64 {
    snapshot.runs[RunOutcome::Success as usize]
}

/// Two slots share two runs.
fn two_slots_repeat() {
    loom::model(|| {
        let shared = Arc::new((RunContext::default(), DueRuns::repeated(2)));
        let work = |shared: &(RunContext, DueRuns)| {
            let (context, runs) = shared;
            while let Some(mut run) = block_on(runs.next(context, 0)) {
                drop(run.start());
            }
        };
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        };
        work(&shared);
        assert!(other.join().is_ok());
        let snapshot = shared.0.stats().snapshot();
        assert_eq!(succeeded(&snapshot), 2, "each run once");
        assert_eq!((snapshot.waiting, snapshot.running), (0, 0));
        assert!(!shared.1.has_more());
    });
}

#[test]
fn each_planned_run_is_taken_once() {
    two_slots_repeat();
}

#[test]
#[should_panic(expected = "each run once")]
fn the_model_finds_a_number_of_left_runs_that_is_not_atomic() {
    torn("engine/due_runs.rs", two_slots_repeat);
}

/// A clock makes two runs due, and two slots take one run each. A full search takes hours.
/// Therefore each execution may switch threads three times where no thread has to wait.
fn two_slots_and_a_clock() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let context = Arc::new(RunContext::default());
        let queue = Arc::new(RunQueue::new(2, 0));
        let runs = Arc::new(DueRuns::Queued(Arc::clone(&queue)));
        let working = [(); 2].map(|()| {
            let (context, runs) = (Arc::clone(&context), Arc::clone(&runs));
            thread::spawn(move || {
                let run = block_on(runs.next(&context, 0));
                if let Some(mut run) = run {
                    drop(run.start());
                }
            })
        });
        for _ in 0..2 {
            queue.admit(context.stats());
        }
        for thread in working {
            assert!(thread.join().is_ok());
        }
        let snapshot = context.stats().snapshot();
        assert_eq!((succeeded(&snapshot), snapshot.rejected), (2, 0));
        assert_eq!((snapshot.waiting, snapshot.running), (0, 0));
        // The slots are free again.
        for rejected in [0, 0, 1] {
            queue.admit(context.stats());
            assert_eq!(context.stats().snapshot().rejected, rejected, "capacity");
        }
    });
}

#[test]
fn each_due_run_is_taken_once_and_frees_its_slot() {
    two_slots_and_a_clock();
}

#[test]
#[should_panic(expected = "capacity")]
fn the_model_finds_a_number_of_runs_that_is_not_atomic() {
    torn("engine/run_queue.rs", two_slots_and_a_clock);
}

/// A clock that runs while the only slot ends a run: the next run waits or is rejected, and
/// is not lost.
#[test]
fn a_run_that_is_due_at_the_end_of_another_waits_or_is_rejected() {
    loom::model(|| {
        let stats = Arc::new(Stats::default());
        let queue = Arc::new(RunQueue::new(1, 0));
        queue.admit(&stats);
        let working = {
            let (queue, stats) = (Arc::clone(&queue), Arc::clone(&stats));
            thread::spawn(move || {
                assert!(block_on(queue.take()));
                stats.started();
                stats.ended(end(RunOutcome::Success), false);
                queue.ended();
            })
        };
        queue.admit(&stats);
        assert!(working.join().is_ok());
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.waiting + snapshot.rejected, 1);
        assert_eq!(queue.give_up() as u64, snapshot.waiting);
    });
}
