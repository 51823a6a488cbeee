//! How a run ended, and the label of that.

use std::time::Duration;

use solti_metrics::TaskOutcome;
use solti_metrics_host::runner::{SpawnError, TaskReport};

/// How a run ended, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It exited with code 0.
    Success,
    /// It exited with another code, or trapped.
    Failure,
    /// It was asked to stop.
    Canceled,
    /// It took longer than its deadline.
    Timeout,
    /// It never began: something that it was to be given could not be.
    StartFailed,
}

impl Ended {
    /// Each, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Failure,
        Self::Canceled,
        Self::Timeout,
        Self::StartFailed,
    ];

    /// The text of the label `outcome`.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Success => TaskOutcome::Success.as_label(),
            Self::Failure => TaskOutcome::Failure.as_label(),
            Self::Canceled => TaskOutcome::Canceled.as_label(),
            Self::Timeout => TaskOutcome::Timeout.as_label(),
            Self::StartFailed => "start_failed",
        }
    }
}

/// How one run ended, why, and after how long.
#[derive(Debug, Clone)]
pub(super) struct RunEnd {
    pub(super) ended: Ended,
    pub(super) detail: String,
    pub(super) duration: Duration,
}

impl RunEnd {
    /// It was given up before its end: because of a panic on its thread, or because
    /// nobody waited for it any longer.
    pub(super) fn given_up(panicking: bool, duration: Duration) -> Self {
        let (ended, detail) = if panicking {
            let detail = "the runner panicked; what it said of that is on standard error";
            (Ended::Failure, detail)
        } else {
            (Ended::Canceled, "did not stop in time, and was abandoned")
        };
        Self {
            ended,
            detail: detail.into(),
            duration,
        }
    }
}

impl From<&Result<TaskReport, SpawnError>> for RunEnd {
    fn from(result: &Result<TaskReport, SpawnError>) -> Self {
        match result {
            Ok(report) => Self {
                ended: match report.end.outcome() {
                    TaskOutcome::Success => Ended::Success,
                    TaskOutcome::Canceled => Ended::Canceled,
                    TaskOutcome::Timeout => Ended::Timeout,
                    // There is no other way to end.
                    _ => Ended::Failure,
                },
                detail: report.end.to_string(),
                duration: report.duration,
            },
            Err(error) => Self {
                ended: match error {
                    // Nothing was wrong with it.
                    SpawnError::Canceled => Ended::Canceled,
                    _ => Ended::StartFailed,
                },
                detail: error.to_string(),
                duration: Duration::ZERO,
            },
        }
    }
}
