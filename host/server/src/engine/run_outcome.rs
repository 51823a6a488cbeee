//! Outcome of a run, and its label.

use std::time::Duration;

use solti_metrics::TaskOutcome;

/// Outcome of a run, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// The run exited with code 0.
    Success,
    /// The run exited with another code, or trapped.
    Failure,
    /// The run was canceled.
    Canceled,
    /// The run exceeded its timeout.
    Timeout,
    /// The run could not start, because one of its inputs was not available.
    StartFailed,
}

impl RunOutcome {
    /// All outcomes, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Failure,
        Self::Canceled,
        Self::Timeout,
        Self::StartFailed,
    ];

    /// Whether a run with this outcome is restarted, if its schedule restarts runs.
    pub(super) const fn is_failure(self) -> bool {
        !matches!(self, Self::Success | Self::Canceled)
    }

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

/// Outcome of one run, with its reason and duration.
#[derive(Debug, Clone)]
pub(super) struct RunEnd {
    pub(super) outcome: RunOutcome,
    pub(super) detail: String,
    pub(super) duration: Duration,
}

impl RunEnd {
    /// End of a run that was dropped: after a panic on its thread, or after the shutdown
    /// timeout.
    pub(super) fn dropped(panicking: bool, duration: Duration) -> Self {
        let (outcome, detail) = if panicking {
            let detail = "the runner panicked; standard error has the message";
            (RunOutcome::Failure, detail)
        } else {
            (
                RunOutcome::Canceled,
                "did not stop within the shutdown timeout and was abandoned",
            )
        };
        Self {
            outcome,
            detail: detail.into(),
            duration,
        }
    }
}
