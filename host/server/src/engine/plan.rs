//! Plans: the program, the schedule and the backoff of a task.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::runner::{Program, Task};
use taskvisor::{BackoffPolicy, JitterPolicy};

use super::History;

/// The program and the schedule of a task.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the task in messages, labels and the identity of its records.
    pub name: Arc<str>,
    /// Program of each run.
    pub program: Program,
    /// Inputs and limits of each run.
    pub task: Task,
    /// Schedule of the runs.
    pub schedule: Schedule,
    /// Maximum number of concurrent runs of the task.
    pub concurrency: NonZeroUsize,
    /// Counts of the runs. A plan with the same history continues the counts.
    pub history: History,
}

/// Schedule of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// A number of runs, each started as soon as a slot is free.
    Once {
        /// Number of runs.
        repeat: NonZeroU64,
    },
    /// A run at each tick of a clock, the first one immediately.
    Interval {
        /// Time between the starts of two runs.
        interval: Duration,
        /// Policy for a run that is due while all slots are in use.
        admission: Admission,
        /// Maximum number of waiting runs, for [`Admission::Queue`].
        queue_capacity: usize,
    },
    /// A run in each slot immediately, and a restart after each failure.
    Restart {
        /// Delays before restarts.
        backoff: RestartBackoff,
    },
}

/// Policy for a run that is due while all slots of its task are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The due run waits.
    Queue,
    /// A current run is canceled, and the due run takes its slot.
    Replace,
    /// The due run is rejected.
    Reject,
}

impl Admission {
    /// Name of the policy in a configuration.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Replace => "replace",
            Self::Reject => "reject",
        }
    }
}

/// Delays before restarts after failures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestartBackoff {
    /// Delay before the first restart.
    pub initial_backoff: Duration,
    /// Maximum delay.
    pub max_backoff: Duration,
    /// Factor by which the delay grows after each failure; at least 1.
    pub multiplier: f64,
    /// Randomization of the delays.
    pub jitter: Jitter,
    /// Maximum number of consecutive restarts; unlimited if `None`.
    pub max_retries: Option<NonZeroU32>,
}

/// Randomization of delays, so that runs that fail together do not restart together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// The delay is not randomized.
    None,
    /// A random time from 0 to the delay.
    Full,
    /// A random time from half of the delay to the delay.
    Equal,
    /// A random time from the initial backoff to three times the delay, at most the max
    /// backoff.
    Decorrelated,
}

impl RestartBackoff {
    /// Whether [`initial_backoff`](Self::initial_backoff) is at most
    /// [`max_backoff`](Self::max_backoff), and [`multiplier`](Self::multiplier) is a
    /// number from 1. A plan with an invalid backoff uses the default backoff of the
    /// supervisor.
    pub fn is_valid(&self) -> bool {
        self.policy().is_some()
    }

    /// `None` if the backoff is not valid.
    pub(super) fn policy(&self) -> Option<BackoffPolicy> {
        let jitter = match self.jitter {
            Jitter::None => JitterPolicy::None,
            Jitter::Full => JitterPolicy::Full,
            Jitter::Equal => JitterPolicy::Equal,
            Jitter::Decorrelated => JitterPolicy::RandomizedBand,
        };
        BackoffPolicy::new(
            self.initial_backoff,
            self.max_backoff,
            self.multiplier,
            jitter,
        )
        .ok()
    }
}
