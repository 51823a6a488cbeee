//! Errors of starting a task.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use solti_metrics::RunnerErrorKind;
use wasmtime::PoolConcurrencyLimitError;

use super::TaskEnd;
use crate::limits::{GuestTrap, Limit};
use crate::process::ProcessLimit;
use crate::text::{printable, shown};
use crate::wasi::NoDescriptors;

/// A task that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// A directory cannot be granted.
    #[error(
        "cannot grant the directory {}: {reason:#}; name a readable directory",
        shown(path)
    )]
    Dir {
        /// Path of the directory on the host.
        path: PathBuf,
        /// Reason.
        reason: wasmtime::Error,
    },
    /// The file for standard input cannot be opened.
    #[error(
        "cannot open {} as standard input: {reason}; name a readable file",
        shown(path)
    )]
    Stdin {
        /// Path of the file on the host.
        path: PathBuf,
        /// Reason.
        reason: io::Error,
    },
    /// Too few descriptors are free for the task's directories and standard input.
    #[error("cannot open the task's directories and standard input: {reason}")]
    Descriptors {
        /// The limit on descriptors.
        reason: NoDescriptors,
    },
    /// No thread can be started to set the task up.
    #[error("cannot start a thread for the task: {reason}; allow this process more threads")]
    Thread {
        /// Error of the system.
        reason: String,
    },
    /// An argument or a variable cannot be passed to the guest.
    #[error("cannot pass {text:?} to the guest: it contains a NUL byte; remove the byte")]
    NulInText {
        /// The argument, or the variable's name or value.
        text: String,
    },
    /// The component exceeds a limit before it starts.
    #[error(
        "cannot instantiate: the component exceeds the limit on {limit}: {reason}; raise that limit"
    )]
    Limit {
        /// The limit.
        limit: Limit,
        /// The resource that was refused.
        reason: String,
    },
    /// A limit of this process refused a resource that the instance needs.
    #[error("cannot instantiate: {limit}")]
    ProcessLimit {
        /// The limit.
        limit: ProcessLimit,
    },
    /// All slots of the pool are in use.
    #[error(
        "cannot instantiate: {reason}: all slots are in use; lower the concurrency, or raise the capacity of the pool"
    )]
    NoSlot {
        /// The resource that the pool lacks.
        reason: String,
    },
    /// The program was loaded by a runner with another engine.
    #[error(
        "cannot instantiate: the program was loaded by another runner; load it with this one, or with a clone of it"
    )]
    OtherRunner,
    /// The component called `exit` while it was instantiated.
    #[error(
        "cannot instantiate: the component exits with code {code} before its `main` is called; exit in `main` instead"
    )]
    Exited {
        /// Exit code.
        code: i32,
    },
    /// The component failed while it was instantiated.
    #[error("cannot instantiate: the component failed: {trap}")]
    Instantiate {
        /// The trap.
        trap: GuestTrap,
    },
    /// Instantiation took all of the task's time.
    #[error("cannot instantiate within the timeout of {deadline:?}; raise the timeout")]
    Deadline {
        /// Deadline of the task.
        deadline: Duration,
    },
    /// The task was canceled before its `main` was called.
    #[error("canceled before it started")]
    Canceled,
}

impl SpawnError {
    /// Converts the error of starting a thread for the task.
    pub(super) fn of_start(error: io::Error) -> Self {
        match ProcessLimit::of_start(&error) {
            Some(limit) => Self::ProcessLimit { limit },
            None => Self::Thread {
                reason: error.to_string(),
            },
        }
    }

    pub(super) fn of_limit(limit: Limit) -> impl Fn(GuestTrap) -> Self {
        move |trap| Self::Limit {
            limit,
            reason: trap.message,
        }
    }

    /// Converts the error of an instantiation, and the end that it means.
    pub(super) fn of_instantiation(error: &wasmtime::Error, end: TaskEnd) -> Self {
        if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
            return Self::NoSlot {
                reason: printable(&full.to_string()),
            };
        }
        match end {
            TaskEnd::Exited { code } => Self::Exited { code },
            TaskEnd::ProcessLimit { limit } => Self::ProcessLimit { limit },
            TaskEnd::LimitHit { limit, trap } => Self::of_limit(limit)(trap),
            _ => Self::Instantiate {
                trap: GuestTrap::of_error(error),
            },
        }
    }

    /// Limit of this process that prevents the start, if one does.
    #[must_use]
    pub const fn process_limit(&self) -> Option<&ProcessLimit> {
        match self {
            Self::ProcessLimit { limit } => Some(limit),
            _ => None,
        }
    }

    /// Replaces the error by the limit of this process that caused it, if one did.
    pub(super) fn with_process_limit(self) -> Self {
        let limit = match &self {
            Self::Dir { reason, .. } => ProcessLimit::behind(reason),
            Self::Stdin { reason, .. } => ProcessLimit::of_io(reason),
            _ => None,
        };
        limit.map_or(self, |limit| Self::ProcessLimit { limit })
    }

    /// Label under which a runner records the error. A task that was canceled before it started is
    /// not a failure of the runner, and is not recorded.
    #[must_use]
    pub const fn kind(&self) -> Option<RunnerErrorKind> {
        match self {
            Self::Dir { .. }
            | Self::Stdin { .. }
            | Self::Descriptors { .. }
            | Self::NulInText { .. } => Some(RunnerErrorKind::BackendConfigFailed),
            Self::Thread { .. }
            | Self::Limit { .. }
            | Self::ProcessLimit { .. }
            | Self::NoSlot { .. }
            | Self::OtherRunner
            | Self::Exited { .. }
            | Self::Instantiate { .. }
            | Self::Deadline { .. } => Some(RunnerErrorKind::SpawnFailed),
            Self::Canceled => None,
        }
    }
}
