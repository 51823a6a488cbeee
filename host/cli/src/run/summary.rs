use hdrhistogram::Histogram;
use parking_lot::Mutex;
use serde::Serialize;
use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::MetricsCtx;

/// A backend that keeps what the report shows: counts, and the distribution of
/// durations to three digits, in a bounded amount of memory.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    counts: Mutex<Counts>,
}

const RUNNERS: usize = RunnerType::ALL.len();

#[derive(Debug, Default)]
struct Counts {
    started: [u64; RUNNERS],
    completed: [[Option<Histogram<u64>>; TaskOutcome::ALL.len()]; RUNNERS],
    errors: [[u64; RunnerErrorKind::ALL.len()]; RUNNERS],
}

#[derive(Debug, Serialize)]
pub(crate) struct Started {
    pub(crate) runner: &'static str,
    pub(crate) count: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Completed {
    pub(crate) runner: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) count: u64,
    /// Of the durations recorded, in whole milliseconds, and not estimated from the
    /// buckets of an exposition: 0 is less than one.
    pub(crate) p50_ms: u64,
    pub(crate) p95_ms: u64,
    pub(crate) max_ms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct RunnerErrors {
    pub(crate) runner: &'static str,
    pub(crate) error: &'static str,
    pub(crate) count: u64,
}

impl Summary {
    /// Runners of which tasks were started.
    pub(crate) fn started(&self) -> Vec<Started> {
        let counts = self.counts.lock();
        RunnerType::ALL
            .into_iter()
            .zip(counts.started)
            .filter(|(_, count)| *count > 0)
            .map(|(runner, count)| Started {
                runner: runner.as_label(),
                count,
            })
            .collect()
    }

    /// Runners and outcomes with which tasks were completed.
    pub(crate) fn completed(&self) -> Vec<Completed> {
        let counts = self.counts.lock();
        let mut rows = Vec::new();
        for runner in RunnerType::ALL {
            for outcome in TaskOutcome::ALL {
                if let Some(durations) = &counts.completed[runner as usize][outcome as usize] {
                    // To three digits, and so possibly a little above.
                    let at = |quantile| durations.value_at_quantile(quantile).min(longest_ms());
                    rows.push(Completed {
                        runner: runner.as_label(),
                        outcome: outcome.as_label(),
                        count: durations.len(),
                        p50_ms: at(0.50),
                        p95_ms: at(0.95),
                        max_ms: at(1.0),
                    });
                }
            }
        }
        rows
    }

    /// Runners and steps at which they failed.
    pub(crate) fn errors(&self) -> Vec<RunnerErrors> {
        let counts = self.counts.lock();
        let mut rows = Vec::new();
        for runner in RunnerType::ALL {
            for error in RunnerErrorKind::ALL {
                let count = counts.errors[runner as usize][error as usize];
                if count > 0 {
                    rows.push(RunnerErrors {
                        runner: runner.as_label(),
                        error: error.as_label(),
                        count,
                    });
                }
            }
        }
        rows
    }
}

impl Counts {
    fn started(&mut self, runner: RunnerType) {
        self.started[runner as usize] += 1;
    }

    fn completed(&mut self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let cell = &mut self.completed[runner as usize][outcome as usize];
        if cell.is_none() {
            // The bounds are constants that suit each other.
            *cell = Histogram::new_with_bounds(1, longest_ms(), 3).ok();
        }
        if let Some(durations) = cell {
            durations.saturating_record(duration_ms);
        }
    }

    fn error(&mut self, runner: RunnerType, error: RunnerErrorKind) {
        self.errors[runner as usize][error as usize] += 1;
    }
}

impl MetricsBackend for Summary {
    fn record_task_started(&self, runner: RunnerType) {
        self.counts.lock().started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.counts.lock().completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.counts.lock().error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) {
        let mut counts = self.counts.lock();
        for &event in events {
            match event {
                Event::TaskStarted { runner } => counts.started(runner),
                Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                } => counts.completed(runner, outcome, duration_ms),
                Event::RunnerError { runner, error } => counts.error(runner, error),
                // The report has no row for another kind, and neither has the trait
                // a call.
                _ => {}
            }
        }
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

/// Nothing longer gets here.
const fn longest_ms() -> u64 {
    MetricsCtx::DEFAULT_DURATION_CEILING.as_secs() * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quantile_is_above_the_ceiling_or_the_longest() {
        let summary = Summary::default();
        for duration_ms in [0, 0, u64::MAX, u64::MAX, u64::MAX] {
            summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
        }
        let row = &summary.completed()[0];
        let longest = longest_ms();
        assert_eq!(
            (row.p50_ms, row.p95_ms, row.max_ms),
            (longest, longest, longest)
        );
    }

    #[test]
    fn quantiles_are_those_of_the_durations_recorded() {
        let summary = Summary::default();
        for duration_ms in (1..=100).chain([u64::MAX]) {
            summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
        }
        let rows = summary.completed();
        assert_eq!(rows.len(), 1);
        let row = &rows[0];
        assert_eq!((row.count, row.p50_ms, row.p95_ms), (101, 51, 96));
        assert_eq!(row.max_ms, longest_ms());
    }
}
