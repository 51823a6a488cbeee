//! A backend that stores counts and quantiles of durations.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend that stores counts, and the distribution of durations to three digits, in
/// bounded memory. It uses at most about 200 KiB for each runner and outcome with a completed
/// task.
///
/// Its quantiles come from the recorded durations. They are not estimated from the buckets of
/// an exposition.
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
    counts: Mutex<SummaryCounts>,
}

/// Distribution of the durations of tasks, in whole milliseconds. 0 is less than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DurationSummary {
    /// Number of tasks.
    pub count: u64,
    /// Median: half of the tasks took at most this time.
    pub p50_ms: u64,
    /// 95th percentile: 95 of 100 tasks took at most this time.
    pub p95_ms: u64,
    /// Longest duration.
    pub max_ms: u64,
}

const RUNNERS: usize = RunnerType::ALL.len();

#[derive(Debug, Default)]
struct SummaryCounts {
    started: [u64; RUNNERS],
    completed: [[Option<Histogram<u64>>; TaskOutcome::ALL.len()]; RUNNERS],
    errors: [[u64; RunnerErrorKind::ALL.len()]; RUNNERS],
}

/// [`SummaryMetrics::LONGEST`], in milliseconds.
const LONGEST_MS: u64 = 365 * 24 * 60 * 60 * 1000;

impl SummaryMetrics {
    /// Maximum duration: 365 days. A longer duration counts as this one.
    pub const LONGEST: Duration = Duration::from_millis(LONGEST_MS);

    /// An empty summary.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of started tasks of this runner.
    #[must_use]
    pub fn started(&self, runner: RunnerType) -> u64 {
        self.counts().started[runner as usize]
    }

    /// Durations of the tasks of this runner that ended with this outcome; `None` without
    /// such a task.
    #[must_use]
    pub fn durations(&self, runner: RunnerType, outcome: TaskOutcome) -> Option<DurationSummary> {
        let counts = self.counts();
        let durations = counts.completed[runner as usize][outcome as usize].as_ref()?;
        // The value has three digits, and can be slightly above the exact one.
        let at = |quantile| durations.value_at_quantile(quantile).min(LONGEST_MS);
        Some(DurationSummary {
            count: durations.len(),
            p50_ms: at(0.50),
            p95_ms: at(0.95),
            max_ms: at(1.0),
        })
    }

    /// Number of failures of this runner at this step.
    #[must_use]
    pub fn errors(&self, runner: RunnerType, error: RunnerErrorKind) -> u64 {
        self.counts().errors[runner as usize][error as usize]
    }

    /// A panic cannot leave the counts inconsistent: no code panics between lock and unlock.
    fn counts(&self) -> MutexGuard<'_, SummaryCounts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SummaryCounts {
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
            // The bounds are constants that fit each other.
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
