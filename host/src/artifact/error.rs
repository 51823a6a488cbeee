use std::io;
use std::path::PathBuf;

use super::key::KeyError;
use crate::text::shown;

/// A folder that is not used as a cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It is not there, and cannot be made; or it cannot be looked at.
    #[error(
        "cannot keep code in {}: {reason}; name a folder that can be made or used",
        shown(path)
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// There is something else.
    #[error("cannot keep code in {}: it is no folder; name another", shown(path))]
    NotAFolder {
        /// What is there.
        path: PathBuf,
    },
    /// It belongs to somebody else, who could exchange what is in it.
    #[error(
        "cannot keep code in {}: it belongs to the user {owner}; name a folder of your own",
        shown(path)
    )]
    NotOurs {
        /// The folder, or the key's file in it.
        path: PathBuf,
        /// The number of the user that it belongs to.
        owner: u32,
    },
    /// Others may use it.
    #[error(
        "cannot keep code in {}: others may use it (its mode is {mode:o}); take that from them with `chmod go=`",
        shown(path)
    )]
    Exposed {
        /// The folder, or the key's file in it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key in it cannot be had.
    #[error("cannot keep code without a key: {0}")]
    Key(KeyError),
}

impl From<KeyError> for CacheError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

/// Why code in a file is not used. What it was made of is compiled instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing to authenticate it with.
    #[error("its code cannot be authenticated without a key")]
    NoKey,
    /// It is cut off, or says of itself what cannot be.
    #[error("its code is not whole")]
    Damaged,
    /// It was changed, or somebody else has sealed it.
    #[error("its code is not authentic: it was changed, or sealed with another key")]
    NotAuthentic,
    /// It is what somebody with the key has sealed, and not for here.
    #[error("its code is for another version, machine or configuration")]
    OtherHost,
    /// It is for another use: another path of records, or as a backend.
    #[error("its code is for another use")]
    OtherUse,
    /// wasmtime does not load it.
    #[error("its code cannot be loaded")]
    NotLoaded,
}
