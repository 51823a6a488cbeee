use std::sync::atomic::{AtomicU64, Ordering};

use super::histogram::Histogram;
use super::tally::{ERRORS, OUTCOMES, RUNNERS, Tally};
use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

/// A [`Tally`] of atomics, with cache lines that no other shard is on: 128 bytes,
/// because processors fetch lines of 64 in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Shard {
    started: [AtomicU64; RUNNERS],
    durations: [[Histogram; OUTCOMES]; RUNNERS],
    errors: [[AtomicU64; ERRORS]; RUNNERS],
}

impl Shard {
    #[inline]
    pub(super) fn started(&self, runner: RunnerType) {
        self.started[runner as usize].fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.durations[runner as usize][outcome as usize].observe(duration_ms);
    }

    #[inline]
    pub(super) fn error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.errors[runner as usize][error as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Adds each number that there is, once.
    pub(super) fn add(&self, tally: &Tally) {
        add(&self.started, &tally.started);
        let durations = tally.durations.as_flattened();
        for (histogram, more) in self.durations.as_flattened().iter().zip(durations) {
            histogram.add(more);
        }
        add(self.errors.as_flattened(), tally.errors.as_flattened());
    }

    /// Adds its numbers to those of other shards.
    pub(super) fn add_onto(&self, tally: &mut Tally) {
        add_onto(&self.started, &mut tally.started);
        let durations = tally.durations.as_flattened_mut();
        for (histogram, sum) in self.durations.as_flattened().iter().zip(durations) {
            histogram.add_onto(sum);
        }
        add_onto(self.errors.as_flattened(), tally.errors.as_flattened_mut());
    }
}

fn add(counters: &[AtomicU64], more: &[u64]) {
    for (counter, &more) in counters.iter().zip(more) {
        if more > 0 {
            counter.fetch_add(more, Ordering::Relaxed);
        }
    }
}

fn add_onto(counters: &[AtomicU64], sums: &mut [u64]) {
    for (counter, sum) in counters.iter().zip(sums) {
        *sum += counter.load(Ordering::Relaxed);
    }
}
