//! Plans: what a task runs, when, and how often it is tried again.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::runner::{Program, Task};
use taskvisor::{AdmissionPolicy, BackoffPolicy, JitterPolicy};

use super::History;

/// What a task is, and when it runs.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its name, which is in messages, labels and the identity of its records.
    pub name: Arc<str>,
    /// What runs.
    pub program: Program,
    /// What each run is given.
    pub task: Task,
    /// When it runs.
    pub schedule: Schedule,
    /// How many runs of it there may be at a time.
    pub concurrency: NonZeroUsize,
    /// Where its runs are counted: who has the same one before it is gone on with.
    pub history: History,
}

/// When a task runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// So many times, each as soon as there is a place.
    Once {
        /// How many runs there are.
        repeat: NonZeroU64,
    },
    /// At each tick of a clock, the first at once.
    Interval {
        /// From one run to the next.
        every: Duration,
        /// What becomes of a run that is due while all places are taken.
        admission: Admission,
        /// How many runs may wait, if they may.
        queue: usize,
    },
    /// In every place at once, and again after each failure.
    Restart {
        /// How long it waits after a failure.
        backoff: Backoff,
    },
}

/// What becomes of a run that is due while all places of its task are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It waits.
    Queue,
    /// It takes the place of one that runs, which ends as canceled.
    Replace,
    /// It does not take place.
    Reject,
}

impl Admission {
    /// The text of it in a configuration.
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Replace => "replace",
            Self::Reject => "reject",
        }
    }
}

impl From<Admission> for AdmissionPolicy {
    fn from(admission: Admission) -> Self {
        match admission {
            Admission::Queue => Self::Queue,
            Admission::Replace => Self::Replace,
            Admission::Reject => Self::DropIfRunning,
        }
    }
}

/// How long to wait after a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// No pause is longer.
    pub max: Duration,
    /// By what each pause is longer than the one before; at least 1.
    pub factor: f64,
    /// How pauses are spread.
    pub jitter: Jitter,
    /// After so many failures in a row it is left alone; never if `None`.
    pub retries: Option<NonZeroU32>,
}

/// How pauses are spread, so that what failed together does not begin together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// From nothing to all of the pause.
    Full,
    /// From half of it to all of it.
    Equal,
    /// From the first pause to three times this one.
    Band,
}

impl Backoff {
    /// Whether [`first`](Self::first) is no longer than [`max`](Self::max), and
    /// [`factor`](Self::factor) is a number from 1. A plan with any other backoff has the
    /// supervisor's own one.
    pub fn is_valid(&self) -> bool {
        self.policy().is_some()
    }

    /// `None` if the numbers contradict each other.
    pub(super) fn policy(&self) -> Option<BackoffPolicy> {
        let jitter = match self.jitter {
            Jitter::None => JitterPolicy::None,
            Jitter::Full => JitterPolicy::Full,
            Jitter::Equal => JitterPolicy::Equal,
            Jitter::Band => JitterPolicy::RandomizedBand,
        };
        BackoffPolicy::new(self.first, self.max, self.factor, jitter).ok()
    }
}
