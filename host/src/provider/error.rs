//! Errors of starting, replacing and commanding a backend.

use std::io;

use super::{BackendFailure, BackendState};
use crate::process::{ProcessLimit, no_thread};

/// A backend that cannot be started, or cannot replace another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The thread of the backend cannot be started.
    #[error(
        "{name}: cannot start the thread of the backend: {}",
        no_thread(reason)
    )]
    Thread {
        /// Name of the provider.
        name: String,
        /// Reason.
        reason: io::Error,
    },
    /// The provider cannot be instantiated.
    #[error("{name}: cannot start the backend: it {failure}{}", said(stderr_tail.as_deref()))]
    Failed {
        /// Name of the provider.
        name: String,
        /// Failure of the instance.
        failure: BackendFailure,
        /// Last output on standard error: up to 40 lines, each of them printable.
        stderr_tail: Option<String>,
    },
    /// The component is a middleware without a next backend.
    #[error("{name}: is a middleware and needs a next backend; set it, or name a provider")]
    NoNext {
        /// Name of the middleware.
        name: String,
    },
    /// The replacement has another role than the backend that it was to replace.
    #[error("{name}: {}", other_role(*middleware))]
    OtherRole {
        /// Name of the provider or middleware that was to replace it.
        name: String,
        /// Whether the backend, which continues, is a middleware.
        middleware: bool,
    },
    /// The backend that was to be replaced has been stopped.
    #[error("{name}: the backend was stopped")]
    Stopped {
        /// Name of the provider that was to replace it.
        name: String,
    },
}

impl StartError {
    /// Limit of this process that prevents the start, if one does.
    #[must_use]
    pub fn process_limit(&self) -> Option<ProcessLimit> {
        match self {
            Self::Thread { reason, .. } => ProcessLimit::of_start(reason),
            Self::Failed {
                failure: BackendFailure::ProcessLimit { limit },
                ..
            } => Some(limit.clone()),
            _ => None,
        }
    }

    pub(super) const fn failed(
        name: String,
        failure: BackendFailure,
        stderr_tail: Option<String>,
    ) -> Self {
        Self::Failed {
            name,
            failure,
            stderr_tail,
        }
    }
}

const fn other_role(middleware: bool) -> &'static str {
    if middleware {
        "cannot replace a middleware: it is not a middleware and forwards no records"
    } else {
        "cannot replace a backend: it is a middleware and forwards records"
    }
}

/// Lines of the stderr tail, each marked as text of the provider.
fn said(stderr_tail: Option<&str>) -> String {
    let lines = stderr_tail.unwrap_or_default().lines();
    lines.map(|line| format!("\n  | {line}")).collect()
}

/// A backend that could not carry a command out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRunning {
    /// The backend has no instance at the moment.
    #[error("the backend is not running ({state})")]
    State {
        /// Current state of the backend.
        state: BackendState,
    },
    /// The backend failed during the command.
    #[error("the backend {0}")]
    Failed(BackendFailure),
    /// The provider reported an error.
    #[error("the backend reports: {0}")]
    Refused(String),
    /// The provider does not export the interface that the command needs.
    #[error("the backend does not export `solti:metrics/{0}`")]
    Unsupported(&'static str),
}

impl From<BackendFailure> for NotRunning {
    fn from(failure: BackendFailure) -> Self {
        Self::Failed(failure)
    }
}
