//! One copy of the totals, on cache lines of its own.

use super::histogram::DurationHistogram;
use super::series_totals::{ERRORS, OUTCOMES, RUNNERS, SeriesTotals};
use crate::sync::{AtomicU64, Ordering};
use crate::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// A [`SeriesTotals`] of atomics on cache lines that no other shard uses. The alignment is 128
/// bytes, because processors fetch lines of 64 bytes in pairs.
///
/// The counters of different series are independent, so each access is relaxed. A reader that
/// follows another one, by a lock or a join, never sees a counter go back.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Shard {
    started: [AtomicU64; RUNNERS],
    durations: [[DurationHistogram; OUTCOMES]; RUNNERS],
    errors: [[AtomicU64; ERRORS]; RUNNERS],
}

impl Shard {
    #[inline]
    pub(crate) fn started(&self, runner: RunnerType) {
        self.started[runner as usize].fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.durations[runner as usize][outcome as usize].observe(duration_ms);
    }

    #[inline]
    pub(crate) fn error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.errors[runner as usize][error as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Records the events, in the cheaper of two ways.
    pub(crate) fn record_batch(&self, events: &[Event]) {
        if events.len() < WORTH_ADDING_UP {
            events.iter().for_each(|&event| self.record(event));
            return;
        }
        let mut totals = SeriesTotals::default();
        for &event in events {
            totals.record(event);
        }
        self.add(&totals);
    }

    fn record(&self, event: Event) {
        match event {
            Event::TaskStarted { runner } => self.started(runner),
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => self.completed(runner, outcome, duration_ms),
            Event::RunnerError { runner, error } => self.error(runner, error),
        }
    }

    /// Adds each non-zero number, once.
    pub(crate) fn add(&self, totals: &SeriesTotals) {
        add(&self.started, &totals.started);
        let durations = totals.durations.as_flattened();
        for (histogram, more) in self.durations.as_flattened().iter().zip(durations) {
            histogram.add(more);
        }
        add(self.errors.as_flattened(), totals.errors.as_flattened());
    }

    /// Adds the numbers of this shard to `totals`.
    pub(crate) fn add_onto(&self, totals: &mut SeriesTotals) {
        add_onto(&self.started, &mut totals.started);
        let durations = totals.durations.as_flattened_mut();
        for (histogram, sum) in self.durations.as_flattened().iter().zip(durations) {
            histogram.add_onto(sum);
        }
        add_onto(self.errors.as_flattened(), totals.errors.as_flattened_mut());
    }
}

/// Minimum number of records for which a sum over the batch costs less than single additions.
/// A [`SeriesTotals`] has two hundred numbers to check.
const WORTH_ADDING_UP: usize = 64;

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
