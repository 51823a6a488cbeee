use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// A setting that cannot be used, or a thread that cannot be had.
///
/// No message repeats what may be a secret: the value of a header, or the query of
/// an endpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The endpoint is none.
    #[error("the endpoint {endpoint:?} cannot be used: {reason}")]
    Endpoint {
        /// Without its query, or a user.
        endpoint: String,
        /// What to change.
        reason: &'static str,
    },
    /// A header cannot be sent.
    #[error("the header {name:?} cannot be sent: {reason}")]
    Header {
        /// The header's name.
        name: String,
        /// What to change.
        reason: &'static str,
    },
    /// The file with certificates cannot be used.
    #[error("the certificates in {} cannot be used: {reason}", path.display())]
    CaFile {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There are certificates, and nothing to check with them.
    #[error("a file with certificates needs an endpoint that begins with https://")]
    CaWithoutTls,
    /// TLS cannot be set up.
    #[error("tls cannot be set up: {0}")]
    Tls(String),
    /// A time is too short or too long.
    #[error("{setting} is {value:?}, and must be from {} ms to 365 days", shortest.as_millis())]
    Time {
        /// The method of the builder.
        setting: &'static str,
        /// What it was given.
        value: Duration,
        /// The least that it may be.
        shortest: Duration,
    },
    /// An attribute of the resource cannot be used.
    #[error("the resource attribute {key:?} cannot be used: {reason}")]
    Attribute {
        /// The attribute's key.
        key: String,
        /// What to change.
        reason: &'static str,
    },
    /// An environment variable cannot be used.
    #[error("the variable {variable} cannot be used: {reason}")]
    Environment {
        /// Its name.
        variable: &'static str,
        /// What to change.
        reason: &'static str,
    },
    /// The thread that pushes could not be started.
    #[error("the thread that pushes could not be started")]
    Thread(#[source] io::Error),
}
