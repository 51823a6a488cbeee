//! The deadline and the cancellation of a task.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::{CancellationToken, SpawnError, TaskEnd};

/// Reasons outside of the guest that end a task.
#[derive(Debug)]
pub(super) struct Watch {
    deadline: Option<(Duration, Instant)>,
    cancel: CancellationToken,
}

/// Reason outside of the guest that ended a task.
#[derive(Debug)]
pub(super) enum StopReason {
    Deadline(Duration),
    Canceled,
}

impl Watch {
    pub(super) fn new(deadline: Option<Duration>, cancel: CancellationToken) -> Self {
        // A deadline beyond what the clock can hold is no deadline.
        let deadline = deadline.and_then(|all| Some((all, Instant::now().checked_add(all)?)));
        Self { deadline, cancel }
    }

    /// Runs `work` until it ends, or is ended. The guest yields its thread at every tick; then the
    /// reasons to stop are checked first.
    pub(super) async fn over<T>(&self, work: impl Future<Output = T>) -> Result<T, StopReason> {
        let time_up = async {
            match self.deadline {
                Some((all, at)) => {
                    tokio::time::sleep_until(at).await;
                    all
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(StopReason::Canceled),
            deadline = time_up => Err(StopReason::Deadline(deadline)),
            output = work => Ok(output),
        }
    }
}

/// Before `main` was called.
impl From<StopReason> for SpawnError {
    fn from(stop: StopReason) -> Self {
        match stop {
            StopReason::Deadline(deadline) => Self::Deadline { deadline },
            StopReason::Canceled => Self::Canceled,
        }
    }
}

/// After `main` was called.
impl From<StopReason> for TaskEnd {
    fn from(stop: StopReason) -> Self {
        match stop {
            StopReason::Deadline(deadline) => Self::DeadlineExceeded { deadline },
            StopReason::Canceled => Self::Canceled,
        }
    }
}
