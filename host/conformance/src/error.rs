//! Errors that leave a test without a report.

use std::fmt;
use std::io;

use solti_metrics_host::component::LoadError;
use solti_metrics_host::engine::BuildError;

use crate::vector_error::VectorsError;

/// Why there is no report. A component that does not conform is not an error:
/// [`Report::conforms`](crate::Report::conforms) says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component's file cannot be read, or is not a component.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Components cannot be run on this machine.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The vectors cannot be read.
    #[error(transparent)]
    Vectors(#[from] VectorsError),
    /// The component has no role in which it can be tested.
    #[error(
        "{name}: neither imports nor exports `solti:metrics/backend`, so that there is nothing to test; name a guest, a provider or a middleware"
    )]
    NoRole {
        /// The component.
        name: String,
    },
    /// Something is granted, and the component is not a provider or a middleware.
    #[error("{name}: is a guest, and grants are for providers and middlewares")]
    GrantsForGuest {
        /// The component.
        name: String,
    },
    /// Arguments, environment variables, directories or a standard input are given, and the
    /// component is not a guest.
    #[error(
        "{name}: is not a guest, and arguments, variables, directories and input are for guests"
    )]
    InputForProvider {
        /// The component.
        name: String,
    },
    /// A limit of this process, and not the component, is in the way. That is neither a
    /// pass nor a failure.
    #[error("{name}: could not be tested: {reason}")]
    Untested {
        /// The component.
        name: String,
        /// What was in the way.
        reason: String,
    },
    /// The function that hears the progress has returned an error.
    #[error(transparent)]
    Listener {
        /// Its error.
        source: io::Error,
    },
    /// There is no thread for the test, or no runtime on it.
    #[error("cannot start a thread for the test: {reason}")]
    Thread {
        /// What the system said.
        reason: String,
    },
    /// The test itself is at fault.
    #[error("the test has failed, and the component is not at fault: {reason}; please report it")]
    Internal {
        /// What went wrong.
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

    /// Of a component that was not loaded, if it is not at fault.
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
