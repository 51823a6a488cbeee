//! Errors of test vectors.

use std::io;
use std::path::PathBuf;
use std::string::FromUtf8Error;

use solti_metrics_host::text::escaped;

/// Error of a set of vectors.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorsError {
    /// The folder cannot be read.
    #[error("cannot read the vectors in {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The folder contains no vector.
    #[error("cannot read the vectors in {}: the folder has no file *.json", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has more vectors than the limit.
    #[error(
        "cannot read the vectors in {}: the folder has {files} files *.json, and the limit is {limit}",
        folder.display()
    )]
    TooMany {
        /// The folder.
        folder: PathBuf,
        /// Number of files in the folder.
        files: usize,
        /// Maximum number of files.
        limit: usize,
    },
    /// A file of the folder is not a vector.
    #[error("cannot read the vectors in {}: {name}.json", folder.display())]
    File {
        /// Error in the file.
        folder: PathBuf,
        /// The file name without `.json`.
        name: String,
        /// Error of the vector.
        source: VectorError,
    },
    /// A built-in vector is invalid. This is a fault of this crate.
    #[error("{name}.json")]
    BuiltIn {
        /// Name of the vector.
        name: &'static str,
        /// Error of the vector.
        source: VectorError,
    },
    /// The vectors have no valid order.
    #[error("{name}.json: the vector in `after` does not exist, or follows {name} itself")]
    Order {
        /// Name of the first vector without a position.
        name: String,
    },
}

/// Error of a vector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The file cannot be read, or is too large.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not valid UTF-8.
    #[error(transparent)]
    Text(#[from] FromUtf8Error),
    /// The file is not valid JSON, or has fields that a vector does not have.
    #[error("{}", escaped(&.0.to_string()))]
    Json(serde_json::Error),
    /// The vector has invalid content.
    #[error("{reason}")]
    Invalid {
        /// Cause of the error.
        reason: String,
    },
}

impl From<serde_json::Error> for VectorError {
    /// The message of the error can contain text of the file. Therefore the error is shown here, with
    /// escapes, and is not a source.
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl VectorError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Invalid { reason }
    }
}
