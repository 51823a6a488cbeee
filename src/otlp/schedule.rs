use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

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
    pub(super) fn wait(&mut self, outcome: &Result<(), Failure>) -> Duration {
        self.wait_with(outcome, chance())
    }

    /// `chance` is from 0 to 1: runners whose receiver went away together must not
    /// come back together.
    fn wait_with(&mut self, outcome: &Result<(), Failure>, chance: f64) -> Duration {
        let Err(failure) = outcome else {
            self.failures = 0;
            return self.every;
        };
        self.failures = self.failures.saturating_add(1);
        match failure.retry {
            Retry::Later => self.every,
            Retry::After(wait) => wait.min(PATIENCE),
            Retry::Soon => {
                let doublings = (self.failures - 1).min(16);
                let longest = self.every.min(LONGEST);
                let wait = FIRST.min(self.every) * 2_u32.pow(doublings);
                wait.min(longest).mul_f64(0.5 + chance / 2.0)
            }
        }
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
        assert_eq!(schedule.wait_with(&Ok(()), 1.0).as_secs(), 10);
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
    fn a_receiver_says_when_and_is_not_asked_again_what_it_has_refused() {
        let mut schedule = Schedule::new(Duration::from_secs(10));
        let mut wait = |retry| {
            let why = String::new();
            schedule.wait(&Err(Failure { why, retry })).as_secs()
        };
        assert_eq!(wait(Retry::After(Duration::from_secs(30))), 30);
        assert_eq!(wait(Retry::After(Duration::MAX)), 300);
        assert_eq!(wait(Retry::Later), 10);
    }
}
