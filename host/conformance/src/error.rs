//! Errors that leave a test without a report.

use std::fmt;
use std::io;

use solti_metrics_host::component::LoadError;
use solti_metrics_host::engine::BuildError;

use crate::vector_error::VectorsError;

/// Error of a test without a report. A component that does not conform is not an error; see
/// [`Report::conforms`](crate::Report::conforms).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component cannot be read or loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// This machine cannot run components.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The vectors cannot be read.
    #[error(transparent)]
    Vectors(#[from] VectorsError),
    /// The component is neither a guest nor a provider nor a middleware.
    #[error(
        "{name}: neither imports nor exports `solti:metrics/backend`, and cannot be tested; name a guest, a provider or a middleware"
    )]
    NoRole {
        /// Name of the component.
        name: String,
    },
    /// Grants are set, and the component is a guest.
    #[error("{name}: is a guest, and grants apply to providers and middlewares")]
    GrantsForGuest {
        /// Name of the component.
        name: String,
    },
    /// Arguments, environment variables, directories or a standard input are set, and the
    /// component is not a guest.
    #[error(
        "{name}: is not a guest, and arguments, variables, directories and input apply to guests"
    )]
    InputForProvider {
        /// Name of the component.
        name: String,
    },
    /// A limit of this process prevented the test. There is no verdict on the component.
    #[error("{name}: could not be tested: {reason}")]
    Untested {
        /// Name of the component.
        name: String,
        /// The limit or the cause.
        reason: String,
    },
    /// The progress function returned an error.
    #[error(transparent)]
    Listener {
        /// Error of the progress function.
        source: io::Error,
    },
    /// The thread or the runtime of the test cannot start.
    #[error("cannot start a thread for the test: {reason}")]
    Thread {
        /// Error of the system.
        reason: String,
    },
    /// The test itself failed.
    #[error("the test failed, and the component is not the cause: {reason}; report this")]
    Internal {
        /// Cause of the failure.
        reason: String,
    },
}

impl Error {
    pub(crate) fn untested(name: &str, why: impl fmt::Display) -> Self {
        Self::Untested {
            name: name.to_owned(),
            reason: why.to_string(),
        }
    }

    /// Error of a component that was not loaded, if the component is not at fault.
    pub(crate) fn untested_load(name: &str, error: &LoadError) -> Option<Self> {
        match (error, error.process_limit()) {
            (_, Some(limit)) => Some(Self::untested(name, limit)),
            (LoadError::Compiler { reason, .. }, _) => Some(Self::untested(name, reason)),
            _ => None,
        }
    }

    pub(crate) fn internal(why: impl fmt::Display) -> Self {
        Self::Internal {
            reason: why.to_string(),
        }
    }
}
