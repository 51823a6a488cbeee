//! Why the server, or a part of it, could not do what it was asked.

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
use crate::time::Written;

/// Why the server, or a part of it, could not do what it was asked.
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
    /// A component cannot be read, or is not one that can be run.
    #[error(transparent)]
    Load(LoadError),
    /// A component needs the network, and no grant says anything of it.
    #[error("{error}: {}", notation(*grant))]
    NotGranted {
        /// The component, and what it imports.
        error: LoadError,
        /// What would have to be granted.
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
        /// Why not.
        source: Box<Error>,
    },
    /// A backend cannot be used as its configuration says.
    #[error("backend {name}")]
    Backend {
        /// The backend.
        name: String,
        /// Why not.
        source: Box<Error>,
    },
    /// A middleware cannot be used as its configuration says.
    #[error("middleware {name}")]
    Middleware {
        /// The middleware.
        name: String,
        /// Why not.
        source: Box<Error>,
    },
    /// A component that is to be a backend forwards records.
    #[error("{name}: is a middleware; name it as one, and a backend behind it")]
    IsMiddleware {
        /// The component.
        name: String,
    },
    /// A component that is to be a middleware forwards nothing.
    #[error("{name}: is no middleware: it forwards nothing; name it as a backend")]
    NotAMiddleware {
        /// The component.
        name: String,
    },
    /// A component was not replaced, since it did not return from what it does.
    #[error("{name}: has not been replaced within {}, since it is busy", Written(*within))]
    Busy {
        /// The component.
        name: String,
        /// How long the call has waited.
        within: Duration,
    },
    /// A file was not read in time.
    #[error(
        "{}: cannot be read within {}; does its file system answer?",
        printable(&file.display().to_string()), Written(*within)
    )]
    ReadTimedOut {
        /// The file.
        file: PathBuf,
        /// How long the call has waited.
        within: Duration,
    },
    /// A file was not read, since others have not been read in time and are still waited for.
    #[error(
        "{}: not read, since {reads} files are still being read; does their file system answer?",
        printable(&file.display().to_string())
    )]
    TooManyReads {
        /// The file.
        file: PathBuf,
        /// How many files are still being read.
        reads: usize,
    },
    /// A configuration that is read again has no table of tasks, and tasks are running.
    #[error(
        "{file}: there are no tasks in it, and {running} were there before; to remove all, write an empty table [tasks]"
    )]
    NoTasks {
        /// The file.
        file: String,
        /// How many tasks are running.
        running: usize,
    },
    /// A table has changed that holds for as long as the server runs.
    #[error("[{table}] has changed, which needs a restart")]
    FixedTable {
        /// The table.
        table: &'static str,
    },
    /// A limit of a task is more than what was set aside for each run when the server was
    /// put together.
    #[error(
        "task {task}: `{key}` is more than the {room} {unit} that were set aside for each run, which needs a restart"
    )]
    BeyondPool {
        /// The task.
        task: String,
        /// The key of the limit.
        key: &'static str,
        /// What was set aside.
        room: usize,
        /// What is counted: bytes, or elements.
        unit: &'static str,
    },
    /// The token cannot be read.
    #[error("cannot read the token in {}", file.display())]
    Token {
        /// The token's file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// All users of this machine can read the token.
    #[error(
        "everybody can read the token in {0}: run chmod o= {0}, or mount it read-only, as containers get their secrets",
        file.display()
    )]
    TokenExposed {
        /// The token's file.
        file: PathBuf,
    },
    /// A file holds something else than a token.
    #[error("there is no token in {}: {reason}", file.display())]
    NotAToken {
        /// The token's file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The server cannot listen on an address.
    #[error(
        "cannot listen on {address}; choose an address of this machine and a free port (0 takes any)"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// Tasks cannot be supervised.
    #[error("cannot supervise tasks")]
    Supervise {
        /// Why not.
        source: Box<dyn error::Error + Send + Sync>,
    },
    /// Work on a thread of the runtime has panicked, or the runtime is shutting down.
    #[error("{what} was given up")]
    GivenUp {
        /// The work.
        what: String,
        /// Which of both.
        source: JoinError,
    },
}

impl Error {
    pub(crate) fn supervise(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        Self::Supervise { source }
    }

    pub(crate) fn given_up(what: impl Into<String>) -> impl FnOnce(JoinError) -> Self {
        let what = what.into();
        move |source| Self::GivenUp { what, source }
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

/// How a [`Grant`](crate::Grant) of this is written.
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
