//! Errors of building a runner or a loader of providers.

use std::io;

use crate::process::{ProcessLimit, no_thread};
use crate::text::one_line;

/// A runner that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// wasmtime does not support this configuration on this machine.
    #[error("cannot set wasmtime up: {reason}; try a smaller stack")]
    Engine {
        /// Error of wasmtime.
        reason: String,
    },
    /// A limit of this process refused a resource that wasmtime needs.
    #[error("cannot set wasmtime up: {limit}")]
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// The thread that interrupts guests cannot be started.
    #[error(
        "cannot start the thread that interrupts guests: {}",
        no_thread(reason)
    )]
    Thread {
        /// Reason.
        reason: io::Error,
    },
}

impl From<wasmtime::Error> for BuildError {
    fn from(error: wasmtime::Error) -> Self {
        match ProcessLimit::behind(&error) {
            Some(limit) => Self::ProcessLimit { limit },
            None => Self::Engine {
                reason: one_line(&error),
            },
        }
    }
}
