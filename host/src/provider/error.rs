use std::io;

use super::{BackendFailure, BackendState};
use crate::process::{ProcessLimit, no_thread};

/// A backend that cannot be started, or cannot take another's place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no thread for it.
    #[error("{name}: cannot start its thread: {}", no_thread(reason))]
    Thread {
        /// The provider.
        name: String,
        /// Why not.
        reason: io::Error,
    },
    /// No instance can be made of it.
    #[error("{name}: cannot be started: it {failure}{}", said(stderr_tail.as_deref()))]
    Failed {
        /// The provider.
        name: String,
        /// What it did instead.
        failure: BackendFailure,
        /// What it printed last to its standard error: up to 40 lines, each of them
        /// printable.
        stderr_tail: Option<String>,
    },
    /// It is a middleware, and nobody comes after it.
    #[error(
        "{name}: is a middleware and forwards records; give it the next backend, or name a provider"
    )]
    NoNext {
        /// The middleware.
        name: String,
    },
    /// It has another role than the backend that it was to replace.
    #[error("{name}: {}", other_role(*middleware))]
    OtherRole {
        /// The provider or middleware that was to take its place.
        name: String,
        /// Whether the backend that goes on is a middleware.
        middleware: bool,
    },
    /// The backend that was to be replaced has been stopped.
    #[error("{name}: the backend was stopped")]
    Stopped {
        /// The provider that was to take its place.
        name: String,
    },
}

impl StartError {
    /// The limit of this process that keeps the backend from being started, if it is
    /// that.
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
        "cannot replace a middleware: it is no middleware and forwards nothing"
    } else {
        "cannot replace a backend: it is a middleware and forwards records"
    }
}

/// Its lines, each marked as one that somebody else wrote.
fn said(stderr_tail: Option<&str>) -> String {
    let lines = stderr_tail.unwrap_or_default().lines();
    lines.map(|line| format!("\n  | {line}")).collect()
}

/// A backend that could not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRunning {
    /// There is no instance of it at the moment.
    #[error("the backend is not running ({state})")]
    State {
        /// What it does instead.
        state: BackendState,
    },
    /// It failed while it was asked.
    #[error("the backend {0}")]
    Failed(BackendFailure),
    /// It says that it could not.
    #[error("the backend says: {0}")]
    Refused(String),
    /// It does not export the interface that this needs.
    #[error("the backend does not export `solti:metrics/{0}`")]
    Unsupported(&'static str),
}

impl From<BackendFailure> for NotRunning {
    fn from(failure: BackendFailure) -> Self {
        Self::Failed(failure)
    }
}
