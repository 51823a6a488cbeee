//! The circuit breaker of a backend, and its policy.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use solti_metrics::exporter::Backoff;

/// Times at which a failed provider is started again.
///
/// The pause doubles with each failure within the window, from the first pause to the longest. A
/// random factor shortens it by up to half, so that backends that failed together do not restart
/// together. Too many failures within the window open the circuit: records are dropped instead of
/// queued, until the next attempt. If that attempt fails, the circuit opens again at once; if it
/// delivers records, the count restarts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestartPolicy {
    /// Pause after a first failure. Default: 1 s.
    pub initial_backoff: Duration,
    /// Longest pause. Default: 1 min.
    pub max_backoff: Duration,
    /// Number of failures within the window that opens the circuit. Default: 5.
    pub failures: usize,
    /// Time for which a failure counts. Default: 2 min.
    pub window: Duration,
    /// Time for which the circuit stays open. Default: 30 s.
    pub open: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
            failures: 5,
            window: Duration::from_secs(120),
            open: Duration::from_secs(30),
        }
    }
}

impl RestartPolicy {
    /// The default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the pause after a first failure.
    #[must_use]
    pub const fn initial_backoff(mut self, pause: Duration) -> Self {
        self.initial_backoff = pause;
        self
    }

    /// Sets the longest pause.
    #[must_use]
    pub const fn max_backoff(mut self, pause: Duration) -> Self {
        self.max_backoff = pause;
        self
    }

    /// Sets the number of failures within the window that opens the circuit.
    #[must_use]
    pub const fn failures(mut self, number: usize) -> Self {
        self.failures = number;
        self
    }

    /// Sets the time for which a failure counts.
    #[must_use]
    pub const fn window(mut self, time: Duration) -> Self {
        self.window = time;
        self
    }

    /// Sets the time for which the circuit stays open.
    #[must_use]
    pub const fn open(mut self, time: Duration) -> Self {
        self.open = time;
        self
    }
}

/// Decision after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CircuitVerdict {
    /// Queue new records, and try again after this pause.
    Pause(Duration),
    /// Drop new records, and try again after this time.
    Open(Duration),
}

/// Counts failures. Has no clock: the caller passes the time.
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

    pub(super) fn failed(&mut self, now: Instant) -> CircuitVerdict {
        self.failed_by(now, Backoff::jittered)
    }

    fn failed_by(
        &mut self,
        now: Instant,
        jitter: impl Fn(&Backoff, u32) -> Duration,
    ) -> CircuitVerdict {
        let policy = &self.policy;
        self.failures
            .retain(|at| now.saturating_duration_since(*at) < policy.window);
        self.failures.push_back(now);
        if self.half_open || self.failures.len() >= policy.failures.max(1) {
            self.half_open = true;
            // From now on, one failure is enough.
            self.failures.clear();
            return CircuitVerdict::Open(policy.open);
        }
        let failures = u32::try_from(self.failures.len()).unwrap_or(u32::MAX);
        let backoff = Backoff::new(policy.initial_backoff, policy.max_backoff);
        CircuitVerdict::Pause(jitter(&backoff, failures))
    }

    /// Whether the next failure opens the circuit again.
    pub(super) fn half_open(&self) -> bool {
        self.half_open
    }

    /// Closes the circuit: the provider took records. Failures within the window still count, so
    /// that a provider with occasional failures is detected.
    #[inline]
    pub(super) fn delivered(&mut self) {
        self.half_open = false;
    }

    /// Clears all failures after the failed provider was replaced.
    pub(super) fn forget(&mut self) {
        self.failures.clear();
        self.half_open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Longest pause of any policy.
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
                CircuitVerdict::Pause(SECOND),
                CircuitVerdict::Pause(2 * SECOND),
                CircuitVerdict::Pause(4 * SECOND),
                CircuitVerdict::Open(30 * SECOND),
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
        assert_eq!(last, Some(CircuitVerdict::Pause(60 * SECOND)));
    }

    #[test]
    fn a_policy_without_bounds_is_bounded() {
        let mut circuit = Circuit::new(RestartPolicy {
            initial_backoff: Duration::MAX,
            max_backoff: Duration::MAX,
            failures: usize::MAX,
            window: Duration::MAX,
            open: Duration::MAX,
        });
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(
                circuit.failed_by(now, Backoff::after),
                CircuitVerdict::Pause(LONGEST)
            );
        }
    }

    #[test]
    fn jitter_shortens_a_pause_by_at_most_half() {
        for (luck, pause) in [(0.0, 1_000), (0.5, 750), (1.0, 500)] {
            let shortened = |backoff: &Backoff, failures| backoff.shortened(failures, luck);
            let verdict = circuit().failed_by(Instant::now(), shortened);
            assert_eq!(verdict, CircuitVerdict::Pause(Duration::from_millis(pause)));
        }
    }

    #[test]
    fn failures_outside_the_window_do_not_count() {
        let (mut circuit, mut now) = (circuit(), Instant::now());
        for _ in 0..20 {
            assert_eq!(
                circuit.failed_by(now, Backoff::after),
                CircuitVerdict::Pause(SECOND)
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
            CircuitVerdict::Open(30 * SECOND)
        );
        circuit.delivered();
        assert_eq!(
            circuit.failed_by(now, Backoff::after),
            CircuitVerdict::Pause(SECOND)
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
            CircuitVerdict::Pause(SECOND)
        );
    }
}
