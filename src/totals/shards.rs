//! The totals of a backend, as several copies that threads share.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use super::series_totals::SeriesTotals;
use super::shard::Shard;

/// Several copies of every series, so that threads that record at once do not share cache
/// lines. A scrape adds the copies up.
///
/// There is one copy of 2 KiB for each processor, rounded up to a power of two, and at most
/// eight. Clones share the copies.
#[derive(Debug, Clone)]
pub(crate) struct Shards(Arc<[Shard]>);

const MOST: usize = 8;

impl Shards {
    /// The shard of this thread. No other thread uses it while there are at most as many
    /// threads as shards.
    #[inline]
    pub(crate) fn mine(&self) -> &Shard {
        // The number of shards is a power of two.
        &self.0[turn() & (self.0.len() - 1)]
    }

    /// The sum of all shards, at about this moment.
    pub(crate) fn total(&self) -> SeriesTotals {
        let mut total = SeriesTotals::default();
        for shard in &*self.0 {
            shard.add_onto(&mut total);
        }
        total
    }

    pub(super) fn with(shards: usize) -> Self {
        Self((0..shards).map(|_| Shard::default()).collect())
    }
}

impl Default for Shards {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Self::with(processors.min(MOST).next_power_of_two())
    }
}

/// A number that a thread gets with its first record, and uses from then on. Threads take
/// turns, and therefore spread over the shards.
#[inline]
fn turn() -> usize {
    TURN.with(|turn| match turn.get() {
        NONE_YET => take_turn(turn),
        turn => turn,
    })
}

#[cold]
fn take_turn(turn: &Cell<usize>) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Each possible number of shards divides this one. Threads take turns in any order, so the
    // update is relaxed.
    turn.set(NEXT.fetch_add(1, Ordering::Relaxed) % MOST);
    turn.get()
}

const NONE_YET: usize = usize::MAX;

thread_local! {
    static TURN: Cell<usize> = const { Cell::new(NONE_YET) };
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{Event, RunnerType, TaskOutcome};

    #[test]
    fn threads_add_up_whether_they_have_a_shard_to_themselves_or_not() {
        const THREADS: u64 = 5;
        const ROUNDS: u64 = 2_000;
        for shards in [1, 2, 8].map(Shards::with) {
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        for _ in 0..ROUNDS {
                            let shard = shards.mine();
                            shard.started(RunnerType::Wasm);
                            shard.completed(RunnerType::Wasm, TaskOutcome::Success, 3);
                            let mut totals = SeriesTotals::default();
                            for duration_ms in [0, 30] {
                                totals.record(Event::TaskCompleted {
                                    runner: RunnerType::Wasm,
                                    outcome: TaskOutcome::Success,
                                    duration_ms,
                                });
                            }
                            shard.add(&totals);
                        }
                    });
                }
            });
            let total = shards.total();
            let made = THREADS * ROUNDS;
            assert_eq!(total.started[RunnerType::Wasm as usize], made);
            let durations =
                &total.durations[RunnerType::Wasm as usize][TaskOutcome::Success as usize];
            assert_eq!(durations.count(), 3 * made);
            assert_eq!(durations.buckets()[..3], [2 * made, 0, made]);
            assert_eq!(durations.sum_seconds(), 33.0 * made as f64 / 1000.0);
        }
    }

    #[test]
    fn their_number_is_a_power_of_two_and_each_has_its_cache_lines() {
        let shards = Shards::default();
        assert!(shards.0.len().is_power_of_two() && shards.0.len() <= MOST);
        assert_eq!(align_of::<Shard>(), 128);
        assert!(size_of::<Shard>() <= 2 << 10);
    }

    #[test]
    fn a_thread_keeps_its_shard() {
        let shards = Shards::with(4);
        let first: *const Shard = shards.mine();
        thread::scope(|scope| {
            scope.spawn(|| shards.mine().started(RunnerType::Wasm));
        });
        assert!(std::ptr::eq(first, shards.mine()));
    }
}
