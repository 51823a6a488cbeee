//! Models of the counters of compilations.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use loom::thread;

use super::compiler::NotCompiled;
use super::counters::CompileCounts;
use crate::modelled::{AtomicAccess, weakened};

/// Two compilations fail while a third thread reads the counters. A full search takes a
/// minute. Therefore each execution may switch threads three times where no thread has to
/// wait.
fn failures_and_a_reader() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let counts = Arc::new(CompileCounts::default());
        let compiling = [(); 2].map(|()| {
            let counts = Arc::clone(&counts);
            thread::spawn(move || {
                let refused = || Err::<(), _>(NotCompiled::Refused(String::new()));
                counts.counting(refused).is_err()
            })
        });
        let seen = counts.read();
        assert!(seen.failed <= seen.count, "failed, and not counted");
        for thread in compiling {
            assert!(matches!(thread.join(), Ok(true)));
        }
        let seen = counts.read();
        assert_eq!((seen.failed, seen.count), (2, 2), "lost");
    });
}

#[test]
fn a_reader_sees_each_failure_as_a_compilation() {
    failures_and_a_reader();
}

#[test]
#[should_panic(expected = "and not counted")]
fn the_model_finds_a_relaxed_count_of_failures() {
    let (update, relaxed) = (AtomicAccess::Update, Ordering::Relaxed);
    weakened(
        "artifact/counters.rs",
        update,
        relaxed,
        failures_and_a_reader,
    );
}

#[test]
#[should_panic(expected = "and not counted")]
fn the_model_finds_a_relaxed_read_of_the_failures() {
    let (load, relaxed) = (AtomicAccess::Load, Ordering::Relaxed);
    weakened("artifact/counters.rs", load, relaxed, failures_and_a_reader);
}
