//! Errors of the server and of its parts.

use std::error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use solti_metrics::{OtlpError, StatsdError};
use solti_metrics_host::artifact::KeyError;
use solti_metrics_host::component::{LoadError, NetworkGrant};
use solti_metrics_host::engine::BuildError;
use solti_metrics_host::provider::StartError as BackendStartError;
use solti_metrics_host::text::printable;
use tokio::task::JoinError;

use crate::config::ConfigErrors;
use crate::time::WrittenTime;

/// An error of the server or of one of its parts.
///
/// The message of an error does not repeat that of its
/// [`source`](error::Error::source): a report shows both.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigErrors),
    /// The key that authenticates precompiled files cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Components cannot be run on this machine.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A component cannot be read, or cannot be run.
    #[error(transparent)]
    Load(LoadError),
    /// A component needs the network, and no grant concerns the network.
    #[error("{error}: {}", notation(*grant))]
    NotGranted {
        /// The component, and its import.
        error: LoadError,
        /// The missing grant.
        grant: NetworkGrant,
    },
    /// A component cannot be started as a backend or middleware, or cannot replace one.
    #[error(transparent)]
    Start(#[from] BackendStartError),
    /// A backend that sends OTLP cannot be set up.
    #[error(transparent)]
    Otlp(#[from] OtlpError),
    /// A backend that sends statsd lines cannot be set up.
    #[error(transparent)]
    Statsd(#[from] StatsdError),
    /// A task cannot be run as its configuration says.
    #[error("task {name}")]
    Task {
        /// The task.
        name: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A backend cannot be used as its configuration says.
    #[error("backend {name}")]
    Backend {
        /// The backend.
        name: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A middleware cannot be used as its configuration says.
    #[error("middleware {name}")]
    Middleware {
        /// The middleware.
        name: String,
        /// The cause.
        source: Box<Error>,
    },
    /// A component that is configured as a backend forwards records.
    #[error(
        "{name}: is a middleware, which needs a backend after it; use the component as a middleware"
    )]
    IsMiddleware {
        /// The component.
        name: String,
    },
    /// A component that is configured as a middleware forwards no records.
    #[error("{name}: is not a middleware: it forwards no records; use the component as a backend")]
    NotAMiddleware {
        /// The component.
        name: String,
    },
    /// A component was not replaced, because it did not return from a call.
    #[error("{name}: not replaced within {}, because the component is busy", WrittenTime(*within))]
    Busy {
        /// The component.
        name: String,
        /// Time that the call waited.
        within: Duration,
    },
    /// A file was not read in time.
    #[error(
        "{}: reading takes longer than {}; check its file system",
        printable(&file.display().to_string()), WrittenTime(*within)
    )]
    ReadTimedOut {
        /// The file.
        file: PathBuf,
        /// Time that the call waited.
        within: Duration,
    },
    /// A file was not read, because too many other reads are blocked.
    #[error(
        "{}: not read, because {reads} reads are still blocked; check their file system",
        printable(&file.display().to_string())
    )]
    TooManyReads {
        /// The file.
        file: PathBuf,
        /// Number of blocked reads.
        reads: usize,
    },
    /// A configuration was read again and has no table of tasks, and tasks run.
    #[error(
        "{file}: the table [tasks] is missing, and {running} tasks run; to remove all tasks, write an empty table [tasks]"
    )]
    NoTasks {
        /// The file.
        file: String,
        /// Number of tasks that run.
        running: usize,
    },
    /// A table changed that is fixed while the server runs.
    #[error("[{table}] changed; restart to apply the change")]
    FixedTable {
        /// The table.
        table: &'static str,
    },
    /// A limit of a task exceeds the capacity that was reserved for each run at the start
    /// of the server.
    #[error(
        "task {task}: `{key}` exceeds the {capacity} {unit} of each slot; restart to apply the change"
    )]
    BeyondPool {
        /// The task.
        task: String,
        /// The key of the limit.
        key: &'static str,
        /// Capacity of each slot.
        capacity: usize,
        /// Unit of the capacity: bytes, or elements.
        unit: &'static str,
    },
    /// The token cannot be read.
    #[error("cannot read the token in {}", file.display())]
    Token {
        /// The token's file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// All users of this machine can read the token.
    #[error(
        "all users can read the token in {0}; run chmod o= {0}, or mount the file read-only",
        file.display()
    )]
    TokenExposed {
        /// The token's file.
        file: PathBuf,
    },
    /// A file does not contain a token.
    #[error("invalid token in {}: {reason}", file.display())]
    NotAToken {
        /// The token's file.
        file: PathBuf,
        /// Cause and fix.
        reason: String,
    },
    /// The server cannot listen on an address.
    #[error(
        "cannot listen on {address}: {reason}; choose an address of this machine and a free port (0 selects one)"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        reason: io::Error,
    },
    /// Tasks cannot be supervised.
    #[error("cannot supervise tasks")]
    Supervise {
        /// The cause.
        source: Box<dyn error::Error + Send + Sync>,
    },
    /// Work on a thread of the runtime panicked, or the runtime is shutting down.
    #[error("{what} was aborted")]
    Aborted {
        /// The work.
        what: String,
        /// The cause: a panic or the shutdown.
        source: JoinError,
    },
}

impl Error {
    pub(crate) fn supervise(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self::Supervise { source }
    }

    pub(crate) fn aborted(what: impl Into<String>) -> impl FnOnce(JoinError) -> Self {
        let what = what.into();
        move |source| Self::Aborted { what, source }
    }

    pub(crate) fn of_task(self, name: &str) -> Self {
        Self::Task {
            name: name.into(),
            source: Box::new(self),
        }
    }

    pub(crate) fn of_backend(self, name: &str) -> Self {
        Self::Backend {
            name: name.into(),
            source: Box::new(self),
        }
    }

    pub(crate) fn of_middleware(self, name: &str) -> Self {
        Self::Middleware {
            name: name.into(),
            source: Box::new(self),
        }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::NotGranted { grant, .. } => Self::NotGranted { error, grant },
            error => Self::Load(error),
        }
    }
}

/// Notation of a [`Grant`](crate::Grant) of this kind.
const fn notation(grant: NetworkGrant) -> &'static str {
    match grant {
        NetworkGrant::Socket => "`tcp=ADDRESS`, `udp=ADDRESS` or `network=none`",
        NetworkGrant::Http => "`http=HOST:PORT` or `network=none`",
        _ => "`network=none`",
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics_host::text::causes;

    use super::*;

    #[test]
    fn a_grant_that_is_missing_is_named_in_the_notation_of_grants() {
        let error = Error::from(LoadError::NotGranted {
            name: "statsd.wasm".into(),
            import: "wasi:sockets/udp@0.2.3".into(),
            grant: NetworkGrant::Socket,
        });
        let told = causes(&error);
        assert!(
            told.ends_with(": `tcp=ADDRESS`, `udp=ADDRESS` or `network=none`"),
            "{told}"
        );
        assert_eq!(told.matches("is not granted").count(), 1, "{told}");
    }
}
