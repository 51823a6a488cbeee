//! Errors of the settings.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Error of an invalid setting, or of a thread that cannot be started.
///
/// No message contains values that can be secret: the value of a header, or the query of an
/// endpoint.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The endpoint is invalid.
    #[error("the endpoint {endpoint:?} cannot be used: {reason}")]
    Endpoint {
        /// The endpoint, without its query and its user.
        endpoint: String,
        /// The cause and the fix.
        reason: &'static str,
    },
    /// A header is invalid.
    #[error("the header {name:?} cannot be sent: {reason}")]
    Header {
        /// Name of the header.
        name: String,
        /// The cause and the fix.
        reason: &'static str,
    },
    /// The file with certificates is invalid.
    #[error("the certificates in {} cannot be used: {reason}", path.display())]
    CaFile {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// A file with certificates is set for an endpoint without TLS.
    #[error("a file with certificates needs an endpoint that starts with https://")]
    CaWithoutTls,
    /// TLS cannot be set up.
    #[error("tls cannot be set up: {0}")]
    Tls(String),
    /// A time is below its minimum or above its maximum.
    #[error("{setting} is {value:?}, and must be from {} ms to 365 days", shortest.as_millis())]
    Time {
        /// Method of the builder.
        setting: &'static str,
        /// The given value.
        value: Duration,
        /// The minimum.
        shortest: Duration,
    },
    /// An attribute of the resource is invalid.
    #[error("the resource attribute {key:?} cannot be used: {reason}")]
    Attribute {
        /// Key of the attribute.
        key: String,
        /// The cause and the fix.
        reason: &'static str,
    },
    /// An environment variable is invalid.
    #[error("the variable {variable} cannot be used: {reason}")]
    Environment {
        /// Name of the variable.
        variable: &'static str,
        /// The cause and the fix.
        reason: &'static str,
    },
    /// The thread that pushes could not be started.
    #[error("the thread that pushes could not be started")]
    Thread(#[source] io::Error),
}
