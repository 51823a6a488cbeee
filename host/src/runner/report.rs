//! Reports on tasks that ended.

use std::fmt;
use std::time::Duration;

use solti_metrics::TaskOutcome;

use crate::LedgerSnapshot;
use crate::limits::{GuestTrap, Limit, limit_behind};
use crate::process::ProcessLimit;

/// Report on a task that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskReport {
    /// End of the task, with the cause.
    pub end: TaskEnd,
    /// Duration of the task.
    pub duration: Duration,
    /// Captured standard output; empty if it was not captured.
    pub stdout: Vec<u8>,
    /// Captured standard error; empty if it was not captured.
    pub stderr: Vec<u8>,
    /// Bytes printed beyond the limit, on both streams together.
    pub output_truncated: u64,
    /// Peak memory of the task, in bytes, as [`Limits::memory`](crate::limits::Limits::memory)
    /// counts it.
    pub peak_memory: usize,
    /// Processor time of the task; see [`TaskUsage::cpu_time`](super::TaskUsage::cpu_time). `None`
    /// if the task has no [usage](super::Task::usage) to add it to.
    pub cpu_time: Option<Duration>,
    /// Number of calls of the host; see [`TaskUsage::host_calls`](super::TaskUsage::host_calls).
    /// `None` if the task has no [usage](super::Task::usage) to add them to.
    pub host_calls: Option<u64>,
    /// Fuel that the task consumed; see [`TaskUsage::fuel`](super::TaskUsage::fuel). `None` if the
    /// runner [does not count fuel](super::RunnerBuilder::fuel).
    pub fuel: Option<u64>,
    /// Ledger of the records that the task made.
    pub ledger: LedgerSnapshot,
}

/// End of a task, with the cause.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskEnd {
    /// The guest returned from `main`, or called `exit`. Zero is success.
    Exited {
        /// Exit code. A `main` that returns an error has the code 1.
        code: i32,
    },
    /// The guest did something that WebAssembly or an interface forbids.
    Trapped {
        /// The trap, and its place in the code.
        trap: GuestTrap,
    },
    /// A limit stopped the guest, or the guest failed right after a limit refused it something.
    LimitHit {
        /// The limit.
        limit: Limit,
        /// The trap that ended the guest.
        trap: GuestTrap,
    },
    /// A limit of this process refused a resource that the guest needs. The guest is not at fault.
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// The task exceeded its deadline.
    DeadlineExceeded {
        /// Deadline of the task.
        deadline: Duration,
    },
    /// The task was canceled.
    Canceled,
}

impl TaskEnd {
    /// Label under which a runner records the end.
    #[must_use]
    pub const fn outcome(&self) -> TaskOutcome {
        match self {
            Self::Exited { code: 0 } => TaskOutcome::Success,
            Self::Exited { .. }
            | Self::Trapped { .. }
            | Self::LimitHit { .. }
            | Self::ProcessLimit { .. } => TaskOutcome::Failure,
            Self::DeadlineExceeded { .. } => TaskOutcome::Timeout,
            Self::Canceled => TaskOutcome::Canceled,
        }
    }

    /// Converts the error that a call of the guest returned.
    pub(super) fn of_error(error: &wasmtime::Error, denied: Option<Limit>) -> Self {
        if let Some(limit) = ProcessLimit::behind(error) {
            return Self::ProcessLimit { limit };
        }
        let trap = GuestTrap::of_error(error);
        match limit_behind(error).or(denied) {
            Some(limit) => Self::LimitHit { limit, trap },
            None => Self::Trapped { trap },
        }
    }
}

impl fmt::Display for TaskEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code } => write!(f, "exited with code {code}"),
            Self::Trapped { trap } => write!(f, "trapped: {trap}"),
            Self::LimitHit { limit, trap } => write!(f, "reached the limit on {limit}: {trap}"),
            Self::ProcessLimit { limit } => {
                write!(f, "failed because of a limit of the process: {limit}")
            }
            Self::DeadlineExceeded { deadline } => {
                write!(f, "exceeded its deadline of {deadline:?}")
            }
            Self::Canceled => f.write_str("was canceled"),
        }
    }
}
