//! Distributions of durations over the buckets of the contract.

use crate::sync::{AtomicU64, Ordering};

/// Upper bounds of the buckets, in milliseconds. One more bucket follows the last bound.
const BOUNDS_MS: [u64; 15] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    3_600_000,
];

const BUCKETS: usize = BOUNDS_MS.len() + 1;

/// Index of the first bucket whose bound is not below this duration.
///
/// There is at most one bound between two powers of two. Therefore the length of the number
/// in bits leaves two candidate buckets.
#[inline]
fn bucket(duration_ms: u64) -> usize {
    let (bucket, bound) = BY_LENGTH[(u64::BITS - duration_ms.leading_zeros()) as usize];
    usize::from(bucket) + usize::from(duration_ms > bound)
}

/// For each length in bits: the bucket of the shortest number of that length, and the bound
/// of that bucket.
static BY_LENGTH: [(u8, u64); 65] = {
    let mut by_length = [(0, BOUNDS_MS[0]); 65];
    let mut length = 1;
    while length < by_length.len() {
        let (shortest, longest) = (1 << (length - 1), u64::MAX >> (64 - length));
        let mut bucket = 0;
        while bucket < BOUNDS_MS.len() && BOUNDS_MS[bucket] < shortest {
            bucket += 1;
        }
        // The compiler rejects bounds that are too close to each other.
        assert!(bucket + 1 >= BOUNDS_MS.len() || BOUNDS_MS[bucket + 1] >= longest);
        let bound = if bucket < BOUNDS_MS.len() {
            BOUNDS_MS[bucket]
        } else {
            u64::MAX
        };
        by_length[length] = (bucket as u8, bound);
        length += 1;
    }
    by_length
};

/// Distribution of durations, as plain numbers.
///
/// The sum is in whole milliseconds, because integers have the same sum in any order and
/// grouping. A large duration does not absorb a small one. The sum saturates at `u64::MAX`
/// ms, which is 585 million years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Durations {
    buckets: [u64; BUCKETS],
    sum_ms: u64,
}

impl Durations {
    #[inline]
    pub(crate) fn observe(&mut self, duration_ms: u64) {
        self.buckets[bucket(duration_ms)] += 1;
        self.sum_ms = self.sum_ms.saturating_add(duration_ms);
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The count of each single bucket, in the order of the bounds.
    pub(crate) const fn buckets(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    /// The sum, exact to the millisecond up to 2^53 ms, which is 285,000 years.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    pub(crate) fn sum_seconds(&self) -> f64 {
        self.sum_ms as f64 / 1000.0
    }
}

/// A distribution with atomic counts: many threads observe at once, without waiting.
#[derive(Debug, Default)]
pub(crate) struct DurationHistogram {
    buckets: [AtomicU64; BUCKETS],
    sum_ms: AtomicU64,
}

impl DurationHistogram {
    #[inline]
    pub(crate) fn observe(&self, duration_ms: u64) {
        self.buckets[bucket(duration_ms)].fetch_add(1, Ordering::Relaxed);
        self.add_to_sum(duration_ms);
    }

    /// Observes all these durations at once.
    pub(crate) fn add(&self, durations: &Durations) {
        for (bucket, more) in self.buckets.iter().zip(durations.buckets) {
            if more > 0 {
                bucket.fetch_add(more, Ordering::Relaxed);
            }
        }
        if durations.sum_ms > 0 {
            self.add_to_sum(durations.sum_ms);
        }
    }

    /// Adds the observed durations to `durations`.
    ///
    /// A writer adds to the sum last, and a reader reads the sum first. The addition releases
    /// and the read acquires. Therefore a concurrent reader can find a record in a bucket that
    /// is not in the sum yet, and never the reverse.
    pub(crate) fn add_onto(&self, durations: &mut Durations) {
        let sum_ms = self.sum_ms.load(Ordering::Acquire);
        durations.sum_ms = durations.sum_ms.saturating_add(sum_ms);
        for (bucket, seen) in durations.buckets.iter_mut().zip(&self.buckets) {
            *bucket += seen.load(Ordering::Relaxed);
        }
    }

    /// Adds to the sum and saturates. A plain atomic addition would wrap around.
    #[inline]
    fn add_to_sum(&self, more_ms: u64) {
        let add = |sum_ms: u64| Some(sum_ms.saturating_add(more_ms));
        // The closure always returns a value, so the update cannot fail.
        let _ = self
            .sum_ms
            .fetch_update(Ordering::Release, Ordering::Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DURATION_BUCKETS;

    fn seen(histogram: &DurationHistogram) -> Durations {
        let mut durations = Durations::default();
        histogram.add_onto(&mut durations);
        durations
    }

    #[test]
    fn the_bounds_are_those_that_are_exposed() {
        let seconds = BOUNDS_MS.map(|bound| bound as f64 / 1000.0);
        assert_eq!(seconds, DURATION_BUCKETS);
    }

    #[test]
    fn a_duration_falls_into_the_first_bucket_that_is_not_below_it() {
        for (at, bound) in BOUNDS_MS.into_iter().enumerate() {
            assert_eq!(bucket(bound - 1), at, "{bound}");
            assert_eq!(bucket(bound), at, "{bound}");
            assert_eq!(bucket(bound + 1), at + 1, "{bound}");
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BOUNDS_MS.len());
    }

    #[test]
    fn many_at_once_are_observed_as_each_alone() {
        let (each, at_once) = (DurationHistogram::default(), DurationHistogram::default());
        let mut durations = Durations::default();
        for duration_ms in [0, 10, 11, 250, 3_600_001, 1 << 60] {
            each.observe(duration_ms);
            durations.observe(duration_ms);
        }
        at_once.add(&durations);
        assert_eq!(seen(&each), durations);
        assert_eq!(seen(&at_once), durations);
        assert_eq!(durations.count(), 6);
    }

    #[test]
    fn a_sum_stops_at_its_end_and_the_counts_go_on() {
        let (histogram, mut durations) = (DurationHistogram::default(), Durations::default());
        for duration_ms in [1, u64::MAX, u64::MAX, 5] {
            histogram.observe(duration_ms);
            durations.observe(duration_ms);
        }
        histogram.add(&durations);
        let seen = seen(&histogram);
        assert_eq!((seen.sum_ms, seen.count()), (u64::MAX, 8));
    }
}
