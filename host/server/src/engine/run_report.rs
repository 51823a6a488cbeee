//! The end of a run, as the runner reports it.

use std::time::Duration;

use solti_metrics::TaskOutcome;
use solti_metrics_host::runner::{SpawnError, TaskReport};

use super::RunOutcome;
use super::run_outcome::RunEnd;

impl From<&Result<TaskReport, SpawnError>> for RunEnd {
    fn from(result: &Result<TaskReport, SpawnError>) -> Self {
        match result {
            Ok(report) => Self {
                outcome: match report.end.outcome() {
                    TaskOutcome::Success => RunOutcome::Success,
                    TaskOutcome::Canceled => RunOutcome::Canceled,
                    TaskOutcome::Timeout => RunOutcome::Timeout,
                    // The runner has no other outcomes.
                    _ => RunOutcome::Failure,
                },
                detail: report.end.to_string(),
                duration: report.duration,
            },
            Err(error) => Self {
                outcome: match error {
                    // The run was canceled before it started.
                    SpawnError::Canceled => RunOutcome::Canceled,
                    _ => RunOutcome::StartFailed,
                },
                detail: error.to_string(),
                duration: Duration::ZERO,
            },
        }
    }
}
