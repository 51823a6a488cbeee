//! Rows of the report, from the counts of [`SummaryMetrics`].

use serde::Serialize;
use solti_metrics::{RunnerErrorKind, RunnerType, SummaryMetrics, TaskOutcome};

#[derive(Debug, Serialize)]
pub(crate) struct StartedRow {
    pub(crate) runner: &'static str,
    pub(crate) count: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct CompletedRow {
    pub(crate) runner: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) count: u64,
    /// Median of the recorded durations, in whole milliseconds. Not estimated from the
    /// buckets of an exposition. 0 is less than a millisecond.
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

/// Started tasks by runner.
pub(crate) fn started(summary: &SummaryMetrics) -> Vec<StartedRow> {
    RunnerType::ALL
        .into_iter()
        .map(|runner| StartedRow {
            runner: runner.as_label(),
            count: summary.started(runner),
        })
        .filter(|row| row.count > 0)
        .collect()
}

/// Completed tasks by runner and outcome.
pub(crate) fn completed(summary: &SummaryMetrics) -> Vec<CompletedRow> {
    let mut rows = Vec::new();
    for runner in RunnerType::ALL {
        for outcome in TaskOutcome::ALL {
            if let Some(durations) = summary.durations(runner, outcome) {
                rows.push(CompletedRow {
                    runner: runner.as_label(),
                    outcome: outcome.as_label(),
                    count: durations.count,
                    p50_ms: durations.p50_ms,
                    p95_ms: durations.p95_ms,
                    max_ms: durations.max_ms,
                });
            }
        }
    }
    rows
}

/// Runner errors by runner and step.
pub(crate) fn errors(summary: &SummaryMetrics) -> Vec<RunnerErrors> {
    let mut rows = Vec::new();
    for runner in RunnerType::ALL {
        for error in RunnerErrorKind::ALL {
            let count = summary.errors(runner, error);
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

#[cfg(test)]
mod tests {
    use solti_metrics::MetricsBackend;
    use solti_metrics_host::MetricsCtx;

    use super::*;

    #[test]
    fn the_summary_holds_the_longest_duration_of_a_context() {
        assert_eq!(
            SummaryMetrics::LONGEST,
            MetricsCtx::DEFAULT_DURATION_CEILING
        );
    }

    #[test]
    fn each_recorded_label_has_a_row() {
        let summary = SummaryMetrics::new();
        summary.record_task_started(RunnerType::Wasm);
        summary.record_task_completed(RunnerType::Wasm, TaskOutcome::Timeout, 7);
        summary.record_runner_error(RunnerType::Wasm, RunnerErrorKind::SpawnFailed);
        let started = started(&summary);
        assert_eq!((started.len(), started[0].count), (1, 1));
        let completed = completed(&summary);
        let row = &completed[0];
        assert_eq!(
            (completed.len(), row.outcome, row.max_ms),
            (1, "timeout", 7)
        );
        let errors = errors(&summary);
        assert_eq!((errors.len(), errors[0].error), (1, "spawn_failed"));
    }
}
