use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{BackendFailure, OptionalInterfaces};
use crate::LedgerSnapshot;

/// What a backend does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendState {
    /// It takes records.
    Running,
    /// It has failed, and is tried again soon. Records are queued.
    Restarting,
    /// It has failed too often, and is left alone for a while. Records are
    /// dropped.
    CircuitOpen,
    /// It is tried after that. One more failure opens the circuit again.
    HalfOpen,
    /// It was asked to stop, and takes what was queued before.
    Draining,
    /// It has stopped.
    Stopped,
}

impl BackendState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Restarting,
        Self::CircuitOpen,
        Self::HalfOpen,
        Self::Draining,
        Self::Stopped,
    ];

    /// The label's text in every exposition.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::CircuitOpen => "circuit_open",
            Self::HalfOpen => "half_open",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for BackendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}

/// How a backend is, at one moment. What it has printed, what failed and how much it took
/// belong together; the records that wait and those that are settled go on meanwhile.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackendStatus {
    /// Its name.
    pub name: Arc<str>,
    /// What it does.
    pub state: BackendState,
    /// Which optional interfaces it has.
    pub optional_interfaces: OptionalInterfaces,
    /// How many instances failed.
    pub failures: u64,
    /// How many instances were made after the first.
    pub restarts: u64,
    /// How often another provider took the place of the one before.
    pub replacements: u64,
    /// What the last failure was.
    pub last_failure: Option<BackendFailure>,
    /// What the instance that failed then had printed last to its standard error,
    /// wherever that goes: up to 40 lines, each of them printable.
    pub stderr_tail: Option<String>,
    /// What it said when it could not be flushed the last time; `None` once it
    /// could.
    pub flush_error: Option<String>,
    /// How many records wait.
    pub queued: usize,
    /// How many records can wait.
    pub queue: usize,
    /// How many bytes it printed beyond the limit, on both streams together.
    pub output_truncated: u64,
    /// Bytes of memory that its instance had when a call of it returned last, as
    /// [`Limits::memory`](crate::limits::Limits::memory) counts it; 0 without an instance.
    pub memory: u64,
    /// How long its instances were at work on records, from the first call of a batch
    /// to the return of the last one.
    pub busy: Duration,
    /// What became of the records that it was given.
    pub ledger: LedgerSnapshot,
    /// What became of the records that it forwarded, if it is a middleware.
    pub forwarded: Option<LedgerSnapshot>,
}
