//! Status of a backend.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{BackendFailure, OptionalInterfaces};
use crate::LedgerSnapshot;

/// State of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendState {
    /// The backend takes records.
    Running,
    /// The instance has failed, and restarts soon. Records are queued.
    Restarting,
    /// The instance has failed too often, and restarts after a longer pause. Records are dropped.
    CircuitOpen,
    /// The instance was restarted after an open circuit. One more failure opens the circuit again.
    HalfOpen,
    /// The backend is stopping, and takes the queued records.
    Draining,
    /// The backend has stopped.
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

    /// Text of the label in every exposition.
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

/// Status of a backend, at one moment. The output, the failures and the busy time belong together;
/// records are queued and settled meanwhile.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BackendStatus {
    /// Name of the backend.
    pub name: Arc<str>,
    /// State of the backend.
    pub state: BackendState,
    /// Optional interfaces that the provider exports.
    pub optional_interfaces: OptionalInterfaces,
    /// Number of failed instances.
    pub failures: u64,
    /// Number of instances that were started after the first.
    pub restarts: u64,
    /// Number of replacements of the provider.
    pub replacements: u64,
    /// Last failure.
    pub last_failure: Option<BackendFailure>,
    /// Last output of the failed instance on standard error, for any destination of that stream: up
    /// to 40 lines, each of them printable.
    pub stderr_tail: Option<String>,
    /// Error of the last flush; `None` if the flush succeeded.
    pub flush_error: Option<String>,
    /// Number of records in the queue.
    pub queue_length: usize,
    /// Maximum number of records in the queue.
    pub queue_capacity: usize,
    /// Bytes printed beyond the limit, on both streams together.
    pub output_truncated: u64,
    /// Memory of the instance after its last call, in bytes, as
    /// [`Limits::memory`](crate::limits::Limits::memory) counts it; 0 without an instance.
    pub memory_bytes: u64,
    /// Time that instances spent on records, from the first call of a batch to the return of the
    /// last one.
    pub busy: Duration,
    /// Ledger of the records that the backend was given.
    pub ledger: LedgerSnapshot,
    /// Ledger of the records that the backend forwarded, if it is a middleware.
    pub forwarded: Option<LedgerSnapshot>,
}
