use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use super::answer::Accepted;
use super::failure::{Failure, Retry};

/// When to push next.
#[derive(Debug)]
pub(super) struct Schedule {
    every: Duration,
    /// Failures in a row.
    failures: u32,
}

/// The first wait after a failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest, however often it has failed.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest that a receiver can ask for.
const PATIENCE: Duration = Duration::from_secs(300);

impl Schedule {
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, failures: 0 }
    }

    /// How long to wait after a push that went like this.
    pub(super) fn wait(&mut self, outcome: &Result<Accepted, Failure>) -> Duration {
        self.wait_with(outcome, chance())
    }

    /// `chance` is from 0 to 1: runners whose receiver went away together must not
    /// come back together.
    fn wait_with(&mut self, outcome: &Result<Accepted, Failure>, chance: f64) -> Duration {
        let Err(failure) = outcome else {
            self.failures = 0;
            return self.every;
        };
        self.failures = self.failures.saturating_add(1);
        let own = match failure.retry {
            Retry::Later => self.every,
            Retry::Soon => {
                let doublings = (self.failures - 1).min(16);
                let longest = self.every.min(LONGEST);
                let wait = FIRST.min(self.every) * 2_u32.pow(doublings);
                wait.min(longest).mul_f64(0.5 + chance / 2.0)
            }
        };
        // A receiver can lengthen a wait. If it could shorten one, a broken one would
        // have pushes without a pause.
        own.max(failure.wait.unwrap_or_default().min(PATIENCE))
    }
}

fn chance() -> f64 {
    // 32 bits are kept exactly.
    let bits = RandomState::new().hash_one(0) >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_interval_and_begin_anew_after_a_success() {
        let mut schedule = Schedule::new(Duration::from_secs(10));
        let failed = Err(Failure::soon(""));
        let waits: Vec<_> = (0..6)
            .map(|_| schedule.wait_with(&failed, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        assert_eq!(schedule.wait_with(&Ok(None), 1.0).as_secs(), 10);
        assert_eq!(schedule.wait_with(&failed, 0.0).as_millis(), 500);
    }

    #[test]
    fn no_number_of_failures_makes_a_wait_too_long() {
        let mut schedule = Schedule::new(Duration::from_secs(86_400));
        let failed = Err(Failure::soon(""));
        let longest = (0..1000).map(|_| schedule.wait(&failed)).max();
        assert!(longest <= Some(LONGEST), "{longest:?}");
        schedule.failures = u32::MAX;
        assert!(schedule.wait(&failed) <= LONGEST);
    }

    #[test]
    fn a_receiver_lengthens_a_wait_and_never_abolishes_it() {
        let wait = |retry, wait: Option<Duration>| {
            let why = String::new();
            // Each time the first failure.
            let mut schedule = Schedule::new(Duration::from_secs(10));
            let failed = Err(Failure { why, retry, wait });
            schedule.wait_with(&failed, 0.0).as_millis()
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (retry, own) in [(Retry::Soon, 500), (Retry::Later, 10_000)] {
            assert_eq!(wait(retry, None), own);
            assert_eq!(wait(retry, seconds(0)), own);
            assert_eq!(wait(retry, seconds(30)), 30_000);
            assert_eq!(wait(retry, Some(Duration::MAX)), 300_000);
        }
    }

    #[test]
    fn waits_double_for_a_receiver_that_asks_for_none() {
        let mut schedule = Schedule::new(Duration::from_secs(10));
        let mut failure = Failure::soon("");
        failure.wait = Some(Duration::ZERO);
        let failed = Err(failure);
        let waits: Vec<_> = (0..6)
            .map(|_| schedule.wait_with(&failed, 1.0).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    }
}
