use std::time::Duration;

use wasmtime_wasi::I32Exit;

use crate::DropReason;
use crate::limits::{GuestTrap, Limit, Limiter, limit_behind};
use crate::process::ProcessLimit;

/// Why an instance of a provider was discarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendFailure {
    /// It did something that WebAssembly or an interface forbids.
    #[error("trapped: {trap}")]
    Trapped {
        /// What, and where.
        trap: GuestTrap,
    },
    /// It left through `exit`.
    #[error("exited with code {code}, and a backend has to stay")]
    Exited {
        /// The exit code.
        code: i32,
    },
    /// It was stopped by a limit, or failed right after one refused it something.
    #[error("hit the limit on {limit}: {trap}")]
    LimitHit {
        /// Which limit.
        limit: Limit,
        /// What it died of.
        trap: GuestTrap,
    },
    /// A limit of this process has refused what it needs. The provider is not at fault.
    #[error("could not go on: {limit}")]
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// A call did not return in time.
    #[error("did not return within {deadline:?}")]
    TimedOut {
        /// How much time it had.
        deadline: Duration,
    },
    /// The host panicked on its behalf.
    #[error("made the host panic: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// It cannot be given what it was granted.
    #[error("cannot be given what it was granted: {reason}")]
    Grant {
        /// Why not.
        reason: String,
    },
}

impl BackendFailure {
    /// Why the records are dropped that it was given when it failed.
    #[must_use]
    pub const fn reason(&self) -> DropReason {
        match self {
            Self::Trapped { .. }
            | Self::Exited { .. }
            | Self::ProcessLimit { .. }
            | Self::Grant { .. } => DropReason::BackendTrapped,
            Self::LimitHit { .. } => DropReason::BackendLimit,
            Self::TimedOut { .. } => DropReason::BackendTimedOut,
            Self::Panicked { .. } => DropReason::BackendPanicked,
        }
    }

    /// From the error that a call of the provider returned.
    pub(super) fn of_error(error: &wasmtime::Error, limiter: &Limiter) -> Self {
        if let Some(I32Exit(code)) = error.downcast_ref() {
            return Self::Exited { code: *code };
        }
        if let Some(limit) = ProcessLimit::behind(error) {
            return Self::ProcessLimit { limit };
        }
        let trap = GuestTrap::of_error(error);
        match limit_behind(error).or(limiter.denied()) {
            Some(limit) => Self::LimitHit { limit, trap },
            None => Self::Trapped { trap },
        }
    }
}
