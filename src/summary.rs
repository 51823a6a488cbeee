use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend that keeps counts, and the distribution of durations to three digits, in a
/// bounded amount of memory: at most about 200 KiB for each runner and outcome that has
/// completed a task.
///
/// Its quantiles are those of the durations recorded, and not estimated from the buckets
/// of an exposition.
///
/// ```
/// use solti_metrics::{MetricsBackend, RunnerType, SummaryMetrics, TaskOutcome};
///
/// let summary = SummaryMetrics::new();
/// for duration_ms in 1..=100 {
///     summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
/// }
/// let durations = summary.durations(RunnerType::Wasm, TaskOutcome::Success);
/// let durations = durations.expect("tasks were completed");
/// assert_eq!((durations.count, durations.p50_ms, durations.max_ms), (100, 50, 100));
/// assert_eq!(summary.durations(RunnerType::Wasm, TaskOutcome::Failure), None);
/// ```
#[derive(Debug, Default)]
pub struct SummaryMetrics {
    counts: Mutex<Counts>,
}

/// The distribution of the durations of some tasks, in whole milliseconds: 0 is less than
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DurationSummary {
    /// How many tasks there are.
    pub count: u64,
    /// Half of them took no longer than this.
    pub p50_ms: u64,
    /// 95 of 100 took no longer than this.
    pub p95_ms: u64,
    /// None took longer than this.
    pub max_ms: u64,
}

const RUNNERS: usize = RunnerType::ALL.len();

#[derive(Debug, Default)]
struct Counts {
    started: [u64; RUNNERS],
    completed: [[Option<Histogram<u64>>; TaskOutcome::ALL.len()]; RUNNERS],
    errors: [[u64; RunnerErrorKind::ALL.len()]; RUNNERS],
}

/// [`SummaryMetrics::LONGEST`], in milliseconds.
const LONGEST_MS: u64 = 365 * 24 * 60 * 60 * 1000;

impl SummaryMetrics {
    /// A longer duration counts as this: 365 days.
    pub const LONGEST: Duration = Duration::from_millis(LONGEST_MS);

    /// A summary of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many tasks of this runner were started.
    #[must_use]
    pub fn started(&self, runner: RunnerType) -> u64 {
        self.counts().started[runner as usize]
    }

    /// How long the tasks of this runner took that ended so; `None` if there are none.
    #[must_use]
    pub fn durations(&self, runner: RunnerType, outcome: TaskOutcome) -> Option<DurationSummary> {
        let counts = self.counts();
        let durations = counts.completed[runner as usize][outcome as usize].as_ref()?;
        // To three digits, and so possibly a little above.
        let at = |quantile| durations.value_at_quantile(quantile).min(LONGEST_MS);
        Some(DurationSummary {
            count: durations.len(),
            p50_ms: at(0.50),
            p95_ms: at(0.95),
            max_ms: at(1.0),
        })
    }

    /// How often this runner failed at this step.
    #[must_use]
    pub fn errors(&self, runner: RunnerType, error: RunnerErrorKind) -> u64 {
        self.counts().errors[runner as usize][error as usize]
    }

    /// They stay whole when a thread panics: nothing leaves them half-changed.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn record(&mut self, event: Event) {
        match event {
            Event::TaskStarted { runner } => self.started[runner as usize] += 1,
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } => self.completed(runner, outcome, duration_ms),
            Event::RunnerError { runner, error } => {
                self.errors[runner as usize][error as usize] += 1;
            }
        }
    }

    fn completed(&mut self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let cell = &mut self.completed[runner as usize][outcome as usize];
        if cell.is_none() {
            // The bounds are constants that suit each other.
            *cell = Histogram::new_with_bounds(1, LONGEST_MS, 3).ok();
        }
        if let Some(durations) = cell {
            durations.saturating_record(duration_ms);
        }
    }
}

impl MetricsBackend for SummaryMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        self.counts().record(Event::TaskStarted { runner });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.counts().completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.counts().record(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        let mut counts = self.counts();
        events.iter().for_each(|&event| counts.record(event));
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn successes(summary: &SummaryMetrics) -> Option<[u64; 4]> {
        let durations = summary.durations(RunnerType::Wasm, TaskOutcome::Success)?;
        let DurationSummary {
            count,
            p50_ms,
            p95_ms,
            max_ms,
        } = durations;
        Some([count, p50_ms, p95_ms, max_ms])
    }

    #[test]
    fn no_quantile_is_above_the_longest() {
        let summary = SummaryMetrics::new();
        assert_eq!(successes(&summary), None);
        for duration_ms in [0, 0, u64::MAX, u64::MAX, u64::MAX] {
            summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
        }
        let expected = [5, LONGEST_MS, LONGEST_MS, LONGEST_MS];
        assert_eq!(successes(&summary), Some(expected));
        assert_eq!(u128::from(LONGEST_MS), SummaryMetrics::LONGEST.as_millis());
    }

    #[test]
    fn quantiles_are_those_of_the_durations_recorded() {
        let summary = SummaryMetrics::new();
        for duration_ms in (1..=100).chain([u64::MAX]) {
            summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
        }
        assert_eq!(successes(&summary), Some([101, 51, 96, LONGEST_MS]));
    }

    #[test]
    fn a_batch_is_counted_as_its_records_alone_would_be() {
        let mut events = Vec::new();
        for runner in RunnerType::ALL {
            events.push(Event::TaskStarted { runner });
            for outcome in TaskOutcome::ALL {
                events.push(Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms: 7,
                });
            }
            for error in RunnerErrorKind::ALL {
                events.extend([Event::RunnerError { runner, error }; 2]);
            }
        }
        let [alone, together] = [(); 2].map(|()| SummaryMetrics::new());
        events.iter().for_each(|event| event.record_into(&alone));
        assert_eq!(together.record_batch(&events), Ok(()));
        for summary in [alone, together] {
            for runner in RunnerType::ALL {
                assert_eq!(summary.started(runner), 1);
                for outcome in TaskOutcome::ALL {
                    let durations = summary.durations(runner, outcome);
                    assert_eq!(durations.map(|it| (it.count, it.max_ms)), Some((1, 7)));
                }
                for error in RunnerErrorKind::ALL {
                    assert_eq!(summary.errors(runner, error), 2);
                }
            }
        }
    }
}
