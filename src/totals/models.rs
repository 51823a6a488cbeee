//! Models of the totals, which `make loom` checks against every interleaving of threads.

use std::sync::Arc;

use loom::thread;

use super::histogram::{DurationHistogram, Durations};
use super::shards::Shards;
use crate::sync::Ordering;
use crate::sync::modelled::{AtomicAccess, torn, weakened};
use crate::{Event, RunnerType, TaskOutcome};

/// Durations of two buckets, which are also different sums.
const OBSERVED_MS: [u64; 2] = [1, 20];

fn seen(histogram: &DurationHistogram) -> Durations {
    let mut durations = Durations::default();
    histogram.add_onto(&mut durations);
    durations
}

/// Two threads observe, and a third thread reads.
///
/// `loom` remembers one access to each atomic: it forgets another thread's load when an
/// observer loads the sum before its update. Therefore the reader is the thread that `loom`
/// starts last.
fn two_observers_and_a_reader() {
    loom::model(|| {
        let histogram = Arc::new(DurationHistogram::default());
        let [other, reader] = [(); 2].map(|()| Arc::clone(&histogram));
        let observing = thread::spawn(move || other.observe(OBSERVED_MS[0]));
        let reading = thread::spawn(move || {
            let durations = seen(&reader);
            // The sum of the durations that the buckets have.
            let counted = OBSERVED_MS.iter().zip(durations.buckets());
            let known: u64 = counted.map(|(ms, count)| ms * count).sum();
            let sum_ms = (durations.sum_seconds() * 1000.0).round() as u64;
            assert!(sum_ms <= known, "in the sum, and in no bucket");
        });
        histogram.observe(OBSERVED_MS[1]);
        for thread in [observing, reading] {
            assert!(thread.join().is_ok());
        }
        let durations = seen(&histogram);
        assert_eq!(
            (durations.count(), durations.sum_seconds()),
            (2, 0.021),
            "lost"
        );
    });
}

#[test]
fn a_duration_is_in_its_bucket_before_it_is_in_the_sum() {
    two_observers_and_a_reader();
}

#[test]
#[should_panic(expected = "in no bucket")]
fn the_model_finds_a_relaxed_addition_to_the_sum() {
    weakened(
        "histogram.rs",
        AtomicAccess::Update,
        Ordering::Relaxed,
        two_observers_and_a_reader,
    );
}

#[test]
#[should_panic(expected = "in no bucket")]
fn the_model_finds_a_relaxed_load_of_the_sum() {
    weakened(
        "histogram.rs",
        AtomicAccess::Load,
        Ordering::Relaxed,
        two_observers_and_a_reader,
    );
}

/// Two threads record a whole batch and single records in the same shard.
fn two_recorders_of_one_shard() {
    let mut model = loom::model::Builder::new();
    // A total reads each series of each shard.
    model.max_branches = 100_000;
    model.check(|| {
        let shards = Shards::with(1);
        let recording = [1, 20].map(|duration_ms| {
            let shards = shards.clone();
            thread::spawn(move || {
                let (runner, outcome) = (RunnerType::Wasm, TaskOutcome::Success);
                shards.mine().started(runner);
                shards.mine().record_batch(&[Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                }]);
            })
        });
        for thread in recording {
            assert!(thread.join().is_ok());
        }
        let total = shards.total();
        let (runner, outcome) = (RunnerType::Wasm as usize, TaskOutcome::Success as usize);
        assert_eq!(total.started[runner], 2, "lost");
        assert_eq!(total.durations[runner][outcome].count(), 2, "lost");
    });
}

#[test]
fn records_of_threads_that_share_a_shard_are_all_counted() {
    two_recorders_of_one_shard();
}

#[test]
#[should_panic(expected = "lost")]
fn the_model_finds_an_addition_to_a_shard_that_is_not_atomic() {
    torn("totals/shard.rs", two_recorders_of_one_shard);
}

/// A total that follows another one, as the status of an exporter follows a push.
#[test]
fn a_total_after_another_one_never_goes_back() {
    let mut model = loom::model::Builder::new();
    model.max_branches = 100_000;
    model.check(|| {
        let shards = Shards::with(1);
        let [recording, reading] = [false, true].map(|reads| {
            let shards = shards.clone();
            thread::spawn(move || {
                if reads {
                    return shards.total().started[RunnerType::Wasm as usize];
                }
                shards.mine().started(RunnerType::Wasm);
                0
            })
        });
        let before = reading.join().unwrap_or(u64::MAX);
        let after = shards.total().started[RunnerType::Wasm as usize];
        assert!(before <= after, "a total went back");
        assert!(recording.join().is_ok());
    });
}
