//! Models of the replaceable backend, which `make loom` checks against every interleaving of
//! threads.

use std::sync::Arc;

use loom::thread;

use super::ReplaceableMetrics;
use crate::sync::{AtomicU64, Ordering};
use crate::{MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome};

/// Counts records with accesses that order nothing.
#[derive(Default)]
struct Counting(AtomicU64);

impl Counting {
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl MetricsBackend for Counting {
    fn record_task_started(&self, _: RunnerType) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}

    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}

/// A thread makes a record while another thread replaces the backend.
fn a_record_and_a_replacement(record: fn(&ReplaceableMetrics)) {
    loom::model(move || {
        let [old, new] = [(); 2].map(|()| Arc::new(Counting::default()));
        let metrics = Arc::new(ReplaceableMetrics::new(old.clone()));
        let recording = {
            let metrics = Arc::clone(&metrics);
            thread::spawn(move || record(&metrics))
        };
        drop(metrics.replace(new.clone()));
        let complete = old.count();
        assert!(recording.join().is_ok());
        assert_eq!(old.count(), complete, "a record came late");
        assert_eq!(old.count() + new.count(), 1, "a record was lost");
    });
}

#[test]
fn a_replaced_backend_is_complete_when_the_replacement_returns() {
    a_record_and_a_replacement(|metrics| metrics.record_task_started(RunnerType::Wasm));
}

#[test]
#[should_panic(expected = "a record came late")]
fn the_model_finds_a_record_outside_of_the_lock() {
    a_record_and_a_replacement(|metrics| {
        metrics.backend().record_task_started(RunnerType::Wasm);
    });
}

#[test]
fn one_of_two_replacements_of_the_same_backend_succeeds() {
    loom::model(|| {
        let [old, one, other] = [(); 3].map(|()| Arc::new(Counting::default()) as MetricsHandle);
        let metrics = Arc::new(ReplaceableMetrics::new(Arc::clone(&old)));
        let replacing = {
            let (metrics, old, one) = (Arc::clone(&metrics), Arc::clone(&old), Arc::clone(&one));
            thread::spawn(move || metrics.replace_if(&old, &one))
        };
        let replaced = metrics.replace_if(&old, &other);
        let by_the_other_thread = replacing.join().unwrap_or(replaced);
        assert_ne!(by_the_other_thread, replaced);
        let winner = if replaced { &other } else { &one };
        assert!(Arc::ptr_eq(&metrics.backend(), winner));
    });
}
