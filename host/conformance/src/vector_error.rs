//! Errors in test vectors.

use std::io;
use std::path::PathBuf;
use std::string::FromUtf8Error;

/// Vectors that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorsError {
    /// The folder cannot be read.
    #[error("cannot read the vectors in {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder has no vector in it.
    #[error("cannot read the vectors in {}: there is no file *.json", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder has more vectors in it than are taken.
    #[error(
        "cannot read the vectors in {}: there are {files} files *.json, and the limit is {limit}",
        folder.display()
    )]
    TooMany {
        /// The folder.
        folder: PathBuf,
        /// How many it has.
        files: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A file of the folder is not a vector.
    #[error("cannot read the vectors in {}: {name}.json", folder.display())]
    File {
        /// The folder.
        folder: PathBuf,
        /// The file's name without `.json`.
        name: String,
        /// What is wrong with the file.
        source: VectorError,
    },
    /// A vector that is built in is not a vector: the fault is this crate's.
    #[error("{name}.json")]
    BuiltIn {
        /// The vector's name.
        name: &'static str,
        /// What is wrong with the vector.
        source: VectorError,
    },
    /// Vectors cannot be put in order.
    #[error("{name}.json comes after a vector that is not there, or that comes after it itself")]
    Order {
        /// The first of them.
        name: String,
    },
}

/// A file that is not a vector.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The file cannot be read, or is too large.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not UTF-8.
    #[error(transparent)]
    Text(#[from] FromUtf8Error),
    /// The file is not JSON, or its members are not those of a vector.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The vector says what cannot be done.
    #[error("{reason}")]
    Invalid {
        /// What cannot be done.
        reason: String,
    },
}

impl VectorError {
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Invalid { reason }
    }
}
