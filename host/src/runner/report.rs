use std::fmt;
use std::time::Duration;

use solti_metrics::TaskOutcome;

use crate::LedgerSnapshot;
use crate::limits::{GuestTrap, Limit, limit_behind};
use crate::process::ProcessLimit;

/// How a task went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskReport {
    /// How it ended, and why.
    pub end: TaskEnd,
    /// How long it ran.
    pub duration: Duration,
    /// What it printed, if its standard output was captured.
    pub stdout: Vec<u8>,
    /// What it printed, if its standard error was captured.
    pub stderr: Vec<u8>,
    /// How many bytes it printed beyond the limit, on both streams together.
    pub output_truncated: u64,
    /// The most memory that it had at a time, in bytes, as [`Limits::memory`](crate::limits::Limits::memory)
    /// counts it.
    pub peak_memory: usize,
    /// Processor time that it took; see [`TaskUsage::cpu_time`](super::TaskUsage::cpu_time).
    /// `None` if the task was given no [usage](super::Task::usage) to add that to.
    pub cpu_time: Option<Duration>,
    /// How often it called the host; see
    /// [`TaskUsage::host_calls`](super::TaskUsage::host_calls). `None` if the task was
    /// given no [usage](super::Task::usage) to add that to.
    pub host_calls: Option<u64>,
    /// What it has executed; see [`TaskUsage::fuel`](super::TaskUsage::fuel). `None` if
    /// the runner [does not count it](super::RunnerBuilder::fuel).
    pub fuel: Option<u64>,
    /// What became of the records that it made.
    pub ledger: LedgerSnapshot,
}

/// How a task ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskEnd {
    /// It returned from `main`, or left through `exit`. Zero is success.
    Exited {
        /// The exit code. A `main` that returns an error has the code 1.
        code: i32,
    },
    /// It did something that WebAssembly or an interface forbids.
    Trapped {
        /// What, and where.
        trap: GuestTrap,
    },
    /// It was stopped by a limit, or failed right after one refused it
    /// something.
    LimitHit {
        /// Which limit.
        limit: Limit,
        /// What it died of.
        trap: GuestTrap,
    },
    /// A limit of this process has refused what it needs. The guest is not at fault.
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// Its time was up.
    DeadlineExceeded {
        /// How much time it had.
        deadline: Duration,
    },
    /// Somebody asked it to stop.
    Canceled,
}

impl TaskEnd {
    /// Under which label a runner records it.
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

    /// From the error that a call of the guest returned.
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
            Self::LimitHit { limit, trap } => write!(f, "hit the limit on {limit}: {trap}"),
            Self::ProcessLimit { limit } => write!(f, "could not go on: {limit}"),
            Self::DeadlineExceeded { deadline } => {
                write!(f, "exceeded its deadline of {deadline:?}")
            }
            Self::Canceled => f.write_str("was canceled"),
        }
    }
}
