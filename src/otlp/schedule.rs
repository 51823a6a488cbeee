//! The time of the next push.

use std::time::Duration;

use super::answer::Accepted;
use super::failure::{Failure, Retry};
use crate::exporter::Backoff;

/// Determines the time of the next push.
#[derive(Debug)]
pub(super) struct PushSchedule {
    interval: Duration,
    /// Failures in a row.
    failures: u32,
}

/// Initial wait after a failure.
const FIRST: Duration = Duration::from_secs(1);
/// Maximum wait after failures.
const LONGEST: Duration = Duration::from_secs(60);
/// Maximum wait that a collector can request.
const PATIENCE: Duration = Duration::from_secs(300);

impl PushSchedule {
    pub(super) const fn new(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
        }
    }

    /// The wait after a push with this outcome.
    pub(super) fn wait(&mut self, outcome: &Result<Accepted, Failure>) -> Duration {
        self.wait_by(outcome, Backoff::jittered)
    }

    fn wait_by(
        &mut self,
        outcome: &Result<Accepted, Failure>,
        jitter: impl Fn(&Backoff, u32) -> Duration,
    ) -> Duration {
        let Err(failure) = outcome else {
            self.failures = 0;
            return self.interval;
        };
        self.failures = self.failures.saturating_add(1);
        let own = match failure.retry {
            Retry::Later => self.interval,
            Retry::Soon => {
                let backoff = Backoff::new(FIRST.min(self.interval), LONGEST.min(self.interval));
                jitter(&backoff, self.failures)
            }
        };
        // A collector can only lengthen a wait. If it could shorten a wait, a faulty
        // collector would cause pushes without a pause.
        own.max(failure.wait.unwrap_or_default().min(PATIENCE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortest(backoff: &Backoff, failures: u32) -> Duration {
        backoff.shortened(failures, 1.0)
    }

    #[test]
    fn waits_double_up_to_the_interval_and_start_again_after_a_success() {
        let mut schedule = PushSchedule::new(Duration::from_secs(10));
        let failed = Err(Failure::soon(""));
        let waits: Vec<_> = (0..6)
            .map(|_| schedule.wait_by(&failed, Backoff::after).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
        assert_eq!(schedule.wait_by(&Ok(None), Backoff::after).as_secs(), 10);
        assert_eq!(schedule.wait_by(&failed, shortest).as_millis(), 500);
    }

    #[test]
    fn no_number_of_failures_makes_a_wait_too_long() {
        let mut schedule = PushSchedule::new(Duration::from_secs(86_400));
        let failed = Err(Failure::soon(""));
        let longest = (0..1000).map(|_| schedule.wait(&failed)).max();
        assert!(longest <= Some(LONGEST), "{longest:?}");
        schedule.failures = u32::MAX;
        assert!(schedule.wait(&failed) <= LONGEST);
    }

    #[test]
    fn a_collector_lengthens_a_wait_and_never_removes_it() {
        let wait = |retry, wait: Option<Duration>| {
            let why = String::new();
            // Each failure is the first in a row.
            let mut schedule = PushSchedule::new(Duration::from_secs(10));
            let failed = Err(Failure { why, retry, wait });
            schedule.wait_by(&failed, shortest).as_millis()
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
    fn waits_double_for_a_collector_that_requests_none() {
        let mut schedule = PushSchedule::new(Duration::from_secs(10));
        let mut failure = Failure::soon("");
        failure.wait = Some(Duration::ZERO);
        let failed = Err(failure);
        let waits: Vec<_> = (0..6)
            .map(|_| schedule.wait_by(&failed, Backoff::after).as_secs())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
    }
}
