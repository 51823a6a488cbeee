//! Errors of the compilation cache and of precompiled files.

use std::io;
use std::path::PathBuf;

use super::key::KeyError;
use crate::text::shown;

/// A folder that cannot be used as a cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The folder does not exist and cannot be created, or cannot be accessed.
    #[error(
        "cannot use the compilation cache {}: {reason}; name a folder that the runner can create or use",
        shown(path)
    )]
    Folder {
        /// Path of the folder.
        path: PathBuf,
        /// Reason.
        reason: io::Error,
    },
    /// The path is not a folder.
    #[error(
        "cannot use the compilation cache {}: it is not a folder; name another",
        shown(path)
    )]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder belongs to another user, who could replace its content.
    #[error(
        "cannot use the compilation cache {}: it belongs to the user {owner}; name a folder of your own",
        shown(path)
    )]
    NotOurs {
        /// Path of the folder, or of the key's file in it.
        path: PathBuf,
        /// User ID of the owner.
        owner: u32,
    },
    /// Other users can access the folder.
    #[error(
        "cannot use the compilation cache {}: other users can access it (mode {mode:o}); run `chmod go=` on it",
        shown(path)
    )]
    Exposed {
        /// Path of the folder, or of the key's file in it.
        path: PathBuf,
        /// Permissions of the file or folder.
        mode: u32,
    },
    /// The key in the folder cannot be read or created.
    #[error("cannot use the compilation cache without a key: {0}")]
    Key(KeyError),
}

impl From<KeyError> for CacheError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

/// Reason why the code in a file is not used. The component is compiled instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No key is available to authenticate the code.
    #[error("the code cannot be authenticated without a key")]
    NoKey,
    /// The file is truncated, or its header is not valid.
    #[error("the code is incomplete")]
    Damaged,
    /// The code was changed, or sealed with another key.
    #[error("the code is not authentic: the file was changed, or sealed with another key")]
    NotAuthentic,
    /// The code is sealed with the key, for another host.
    #[error("the code is for another version, machine or configuration")]
    OtherHost,
    /// The code is for another kind of use: for another recording mode, or for a backend.
    #[error("the code is for another kind of use")]
    OtherUse,
    /// wasmtime cannot load the code.
    #[error("the code cannot be loaded")]
    NotLoaded,
}
