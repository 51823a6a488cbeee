//! The folder of the compilation cache, its files and its key.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::process::geteuid;
use tempfile::NamedTempFile;

use super::address::Address;
use super::error::CacheError;
use super::key::{ArtifactKey, KeyError};
use super::unfinished::{is_unfinished, unfinished};
use crate::file::open_file;

/// Name of the key's file.
const KEY: &str = "key";

/// Suffix of the names of files with code, behind 64 digits.
const CODE: &str = ".code";

/// A folder that only this user can access.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A file with code.
struct CodeFile {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

impl Folder {
    /// Opens the folder, and creates it if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, CacheError> {
        let failed = |reason| CacheError::Folder {
            path: path.into(),
            reason,
        };
        let found = match fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut builder = DirBuilder::new();
                let made = builder.recursive(true).mode(0o700).create(path);
                made.and_then(|()| fs::metadata(path)).map_err(failed)?
            }
            found => found.map_err(failed)?,
        };
        if !found.is_dir() {
            return Err(CacheError::NotAFolder { path: path.into() });
        }
        must_be_ours(path, &found)?;
        // The folder stays the same when this process changes its directory, or a link changes.
        let path = fs::canonicalize(path).map_err(failed)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the key in the folder, or creates one.
    pub(super) fn key(&self) -> Result<ArtifactKey, CacheError> {
        let path = self.path.join(KEY);
        let failed = |reason| KeyError::Read {
            path: path.clone(),
            reason,
        };
        match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ArtifactKey::read_or_create(&path)?;
            }
            Ok(found) if !found.is_file() => return Err(KeyError::Malformed { path }.into()),
            _ => {}
        }
        let file = open_file(&path).map_err(failed)?;
        // Check the open file, since its name may belong to another file by now.
        must_be_ours(&path, &file.metadata().map_err(failed)?)?;
        Ok(ArtifactKey::read_open(&path, &file)?)
    }

    /// Path of the code of this name.
    pub(super) fn file(&self, address: &Address) -> PathBuf {
        self.path.join(format!("{}{CODE}", address.0))
    }

    /// Creates a file that gets its name when it is complete.
    pub(super) fn unfinished(&self) -> io::Result<NamedTempFile> {
        unfinished(&self.path)
    }

    /// Removes unfinished files of processes that died.
    pub(super) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            let unfinished = is_unfinished(&entry.file_name());
            let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            let abandoned = || open_file(&entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if unfinished && plain && abandoned() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes code that was unused for the longest time, until at most this number of bytes is
    /// left. Returns the number of removed files.
    pub(super) fn trim(&self, most: u64) -> io::Result<u64> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // A file that is gone by now takes no space.
            if let (true, Ok(found)) = (is_code(&entry.file_name()), entry.metadata()) {
                entries.push(CodeFile {
                    path: entry.path(),
                    size: found.len(),
                    used: found.modified()?,
                });
            }
        }
        entries.sort_by_key(|entry| entry.used);
        let mut left: u64 = entries.iter().map(|entry| entry.size).sum();
        let mut removed = 0;
        for entry in entries {
            if left <= most {
                break;
            }
            match fs::remove_file(&entry.path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            left = left.saturating_sub(entry.size);
        }
        Ok(removed)
    }
}

fn is_code(name: &OsStr) -> bool {
    let digits = |name: &str| name.len() == 64 && name.bytes().all(|it| it.is_ascii_hexdigit());
    name.to_str()
        .and_then(|name| name.strip_suffix(CODE))
        .is_some_and(digits)
}

/// Another user who can write to the folder could replace the key.
fn must_be_ours(path: &Path, found: &Metadata) -> Result<(), CacheError> {
    let path = path.to_owned();
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    if owner != geteuid().as_raw() {
        return Err(CacheError::NotOurs { path, owner });
    }
    if mode & 0o077 != 0 {
        return Err(CacheError::Exposed { path, mode });
    }
    Ok(())
}
