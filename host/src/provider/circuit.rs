use std::collections::VecDeque;
use std::time::{Duration, Instant};

use solti_metrics::exporter::Backoff;

/// When a provider that failed is tried again.
///
/// The pause doubles with each failure within the window, from the first to the
/// longest, and is shortened by up to a half at random, so that many backends
/// that failed together do not come back together. After too many failures
/// within the window the circuit opens: records are dropped instead of queued,
/// until one more try. If that fails too, the circuit opens again at once; if it
/// delivers, the count begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestartPolicy {
    /// The pause after a first failure. Default: 1 s.
    pub first_pause: Duration,
    /// The longest pause. Default: 1 min.
    pub longest_pause: Duration,
    /// How many failures within the window open the circuit. Default: 5.
    pub failures: usize,
    /// For how long a failure counts. Default: 2 min.
    pub window: Duration,
    /// How long the circuit stays open. Default: 30 s.
    pub open: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
            failures: 5,
            window: Duration::from_secs(120),
            open: Duration::from_secs(30),
        }
    }
}

impl RestartPolicy {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Pause after a first failure.
    #[must_use]
    pub const fn first_pause(mut self, pause: Duration) -> Self {
        self.first_pause = pause;
        self
    }

    /// Longest pause.
    #[must_use]
    pub const fn longest_pause(mut self, pause: Duration) -> Self {
        self.longest_pause = pause;
        self
    }

    /// Failures within the window that open the circuit.
    #[must_use]
    pub const fn failures(mut self, number: usize) -> Self {
        self.failures = number;
        self
    }

    /// Time for which a failure counts.
    #[must_use]
    pub const fn window(mut self, time: Duration) -> Self {
        self.window = time;
        self
    }

    /// Time for which the circuit stays open.
    #[must_use]
    pub const fn open(mut self, time: Duration) -> Self {
        self.open = time;
        self
    }
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Queue what comes, and try again after this pause.
    Pause(Duration),
    /// Drop what comes, and try again after this time.
    Open(Duration),
}

/// Counts failures. Knows no clock: it is told the time.
#[derive(Debug)]
pub(super) struct Circuit {
    policy: RestartPolicy,
    failures: VecDeque<Instant>,
    half_open: bool,
}

impl Circuit {
    pub(super) fn new(policy: RestartPolicy) -> Self {
        Self {
            policy,
            failures: VecDeque::new(),
            half_open: false,
        }
    }

    pub(super) fn failed(&mut self, now: Instant) -> Verdict {
        self.failed_by(now, Backoff::jittered)
    }

    fn failed_by(&mut self, now: Instant, jitter: impl Fn(&Backoff, u32) -> Duration) -> Verdict {
        let policy = &self.policy;
        self.failures
            .retain(|at| now.saturating_duration_since(*at) < policy.window);
        self.failures.push_back(now);
        if self.half_open || self.failures.len() >= policy.failures.max(1) {
            self.half_open = true;
            // Once is enough from now on.
            self.failures.clear();
            return Verdict::Open(policy.open);
        }
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let backoff = Backoff::new(policy.first_pause, policy.longest_pause);
        Verdict::Pause(jitter(&backoff, failures))
    }

    /// Whether the next failure opens the circuit again.
    pub(super) fn half_open(&self) -> bool {
        self.half_open
    }

    /// The provider took records: it is no longer half-open. Failures within
    /// the window still count, so that one which fails now and then is found out.
    #[inline]
    pub(super) fn delivered(&mut self) {
        self.half_open = false;
    }

    /// Another provider has taken the place of the one that failed.
    pub(super) fn forget(&mut self) {
        self.failures.clear();
        self.half_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Whatever the policy says.
    const LONGEST: Duration = Duration::from_secs(1 << 30);

    fn circuit() -> Circuit {
        Circuit::new(RestartPolicy {
            failures: 4,
            ..RestartPolicy::default()
        })
    }

    #[test]
    fn the_pause_doubles_until_the_circuit_opens() {
        let (mut circuit, now) = (circuit(), Instant::now());
        let verdicts: Vec<_> = (0..4)
            .map(|_| circuit.failed_by(now, Backoff::after))
            .collect();
        assert_eq!(
            verdicts,
            [
                Verdict::Pause(SECOND),
                Verdict::Pause(2 * SECOND),
                Verdict::Pause(4 * SECOND),
                Verdict::Open(30 * SECOND),
            ]
        );
    }

    #[test]
    fn the_pause_has_a_longest() {
        let mut circuit = Circuit::new(RestartPolicy {
            failures: 1_000,
            ..RestartPolicy::default()
        });
        let now = Instant::now();
        let last = (0..100)
            .map(|_| circuit.failed_by(now, Backoff::after))
            .last();
        assert_eq!(last, Some(Verdict::Pause(60 * SECOND)));
    }

    #[test]
    fn a_policy_without_bounds_is_bounded() {
        let mut circuit = Circuit::new(RestartPolicy {
            first_pause: Duration::MAX,
            longest_pause: Duration::MAX,
            failures: usize::MAX,
            window: Duration::MAX,
            open: Duration::MAX,
        });
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(
                circuit.failed_by(now, Backoff::after),
                Verdict::Pause(LONGEST)
            );
        }
    }

    #[test]
    fn luck_shortens_a_pause_by_no_more_than_half() {
        for (luck, pause) in [(0.0, 1_000), (0.5, 750), (1.0, 500)] {
            let shortened = |backoff: &Backoff, failures| backoff.shortened(failures, luck);
            let verdict = circuit().failed_by(Instant::now(), shortened);
            assert_eq!(verdict, Verdict::Pause(Duration::from_millis(pause)));
        }
    }

    #[test]
    fn failures_outside_the_window_do_not_count() {
        let (mut circuit, mut now) = (circuit(), Instant::now());
        for _ in 0..20 {
            assert_eq!(
                circuit.failed_by(now, Backoff::after),
                Verdict::Pause(SECOND)
            );
            now += 121 * SECOND;
        }
    }

    #[test]
    fn a_failure_half_open_opens_the_circuit_again() {
        let (mut circuit, now) = (circuit(), Instant::now());
        for _ in 0..4 {
            circuit.failed_by(now, Backoff::after);
        }
        assert!(circuit.half_open());
        assert_eq!(
            circuit.failed_by(now, Backoff::after),
            Verdict::Open(30 * SECOND)
        );
        circuit.delivered();
        assert_eq!(
            circuit.failed_by(now, Backoff::after),
            Verdict::Pause(SECOND)
        );
    }

    #[test]
    fn a_successor_starts_without_failures() {
        let (mut circuit, now) = (circuit(), Instant::now());
        for _ in 0..3 {
            circuit.failed_by(now, Backoff::after);
        }
        circuit.forget();
        assert_eq!(
            circuit.failed_by(now, Backoff::after),
            Verdict::Pause(SECOND)
        );
    }
}
