//! Failures of a provider's instance.

use std::time::Duration;

use wasmtime_wasi::I32Exit;

use crate::DropReason;
use crate::limits::{GuestTrap, Limit, Limiter, limit_behind};
use crate::process::ProcessLimit;

/// Reason why an instance of a provider was discarded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendFailure {
    /// The provider did something that WebAssembly or an interface forbids.
    #[error("trapped: {trap}")]
    Trapped {
        /// The trap, and its place in the code.
        trap: GuestTrap,
    },
    /// The provider called `exit`.
    #[error("exited with code {code}; a backend must not exit")]
    Exited {
        /// Exit code.
        code: i32,
    },
    /// A limit stopped the provider, or the provider failed right after a limit refused it
    /// something.
    #[error("reached the limit on {limit}: {trap}")]
    LimitHit {
        /// The limit.
        limit: Limit,
        /// The trap that ended the instance.
        trap: GuestTrap,
    },
    /// A limit of this process refused a resource that the backend needs. The provider is not at
    /// fault.
    #[error("failed because of a limit of the process: {limit}")]
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// A call did not return in time.
    #[error("did not return within {deadline:?}")]
    TimedOut {
        /// Deadline of the call.
        deadline: Duration,
    },
    /// The host panicked in a call of the provider.
    #[error("caused a panic in the host: {message}")]
    Panicked {
        /// Message of the panic.
        message: String,
    },
    /// A grant of the provider cannot be applied.
    #[error("has grants that cannot be applied: {reason}")]
    Grant {
        /// Reason.
        reason: String,
    },
}

impl BackendFailure {
    /// Drop reason of the records that the instance had been given when it failed.
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

    /// Converts the error that a call of the provider returned.
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
