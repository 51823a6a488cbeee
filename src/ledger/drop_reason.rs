//! Reasons why a record did not reach its backend.

use std::fmt;

/// Reason why a record did not reach its backend. The label `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The context had already delivered as many records as its quota allows.
    Quota,
    /// The guest used a runner type that it must not use.
    RunnerNotAllowed,
    /// The label has no name on the other side of the boundary.
    UnmappedLabel,
    /// The backend panicked at the record.
    BackendPanicked,
    /// The backend's queue was full.
    QueueFull,
    /// The backend had failed too often, and its circuit breaker was open.
    CircuitOpen,
    /// The backend was stopped before it took the record.
    ShutDown,
    /// The backend trapped at the record.
    BackendTrapped,
    /// The backend took longer for the record than its time limit.
    BackendTimedOut,
    /// The backend reached one of its limits at the record.
    BackendLimit,
    /// The backend took the record, and reported that it could not store or deliver it.
    BackendFailed,
    /// The backend took the record, and reported that it omitted it on purpose.
    Sampled,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::Quota,
        Self::RunnerNotAllowed,
        Self::UnmappedLabel,
        Self::BackendPanicked,
        Self::QueueFull,
        Self::CircuitOpen,
        Self::ShutDown,
        Self::BackendTrapped,
        Self::BackendTimedOut,
        Self::BackendLimit,
        Self::BackendFailed,
        Self::Sampled,
    ];

    /// The label's text in every exposition.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::RunnerNotAllowed => "runner_not_allowed",
            Self::UnmappedLabel => "unmapped_label",
            Self::BackendPanicked => "backend_panicked",
            Self::QueueFull => "queue_full",
            Self::CircuitOpen => "circuit_open",
            Self::ShutDown => "shut_down",
            Self::BackendTrapped => "backend_trapped",
            Self::BackendTimedOut => "backend_timed_out",
            Self::BackendLimit => "backend_limit",
            Self::BackendFailed => "backend_failed",
            Self::Sampled => "sampled",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
