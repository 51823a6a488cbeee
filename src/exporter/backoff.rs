//! The wait of an exporter after failures.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Wait of an exporter after a failure: the initial wait, doubled after each further failure
/// in a row, up to a maximum.
///
/// ```
/// use std::time::Duration;
/// use solti_metrics::exporter::Backoff;
///
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
/// let waits = [1, 2, 3, 4, 5].map(|failures| backoff.after(failures).as_secs());
/// assert_eq!(waits, [1, 2, 4, 8, 10]);
/// assert!(backoff.jittered(1) >= Duration::from_millis(500));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    initial: Duration,
    max: Duration,
}

/// Upper bound of every wait: 34 years, of which a fraction can be computed.
const LONGEST: Duration = Duration::from_secs(1 << 30);

impl Backoff {
    /// A backoff from `initial` to `max`. A `max` above 34 years counts as 34 years.
    #[must_use]
    pub const fn new(initial: Duration, max: Duration) -> Self {
        Self { initial, max }
    }

    /// The wait after `failures` failures in a row. 0 counts as 1.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        let wait = self.initial.saturating_mul(factor);
        wait.min(self.max).min(LONGEST)
    }

    /// The same wait, shortened at random by up to a half. Exporters that lost one server at
    /// the same time then do not return at the same time.
    #[must_use]
    pub fn jittered(&self, failures: u32) -> Duration {
        self.shortened(failures, chance())
    }

    /// The same wait, shortened by a given random number from 0 to 1: 0 shortens by nothing,
    /// 1 by a half.
    #[must_use]
    pub fn shortened(&self, failures: u32, chance: f64) -> Duration {
        let chance = chance.clamp(0.0, 1.0);
        self.after(failures).mul_f64(1.0 - chance / 2.0)
    }
}

/// A random number from 0 to 1. The standard library has random keys from the system for its
/// hash tables.
fn chance() -> f64 {
    // 32 bits fit into a float exactly.
    let bits = RandomState::new().hash_one(0) >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_double_up_to_the_longest() {
        let backoff = Backoff::new(SECOND, 60 * SECOND);
        let waits: Vec<_> = (0..9).map(|it| backoff.after(it).as_secs()).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.after(u32::MAX), 60 * SECOND);
    }

    #[test]
    fn a_longest_wait_below_the_initial_one_holds() {
        assert_eq!(Backoff::new(2 * SECOND, SECOND).after(1), SECOND);
    }

    #[test]
    fn a_backoff_without_bounds_is_bounded() {
        let backoff = Backoff::new(Duration::MAX, Duration::MAX);
        assert_eq!(backoff.after(u32::MAX), LONGEST);
        assert!(backoff.jittered(1) <= LONGEST);
    }

    #[test]
    fn chance_shortens_a_wait_by_no_more_than_half() {
        let backoff = Backoff::new(SECOND, SECOND);
        for (chance, wait) in [(0.0, 1_000), (0.5, 750), (1.0, 500), (7.0, 500)] {
            let wait = Duration::from_millis(wait);
            assert_eq!(backoff.shortened(1, chance), wait);
        }
        let chances: Vec<_> = (0..100).map(|_| chance()).collect();
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(chances.iter().any(|chance| *chance != chances[0]));
    }
}
