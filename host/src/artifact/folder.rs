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
use crate::file::open_file;

/// The name of the key's file.
const KEY: &str = "key";

/// How the name of code ends; it begins with 64 digits.
const CODE: &str = ".code";

/// How the name of a file begins that is being written.
const UNFINISHED: &str = "unfinished-";

/// How often it is tried again to begin a file that another process sweeps away.
const TRIES: u32 = 8;

/// A folder that this user alone may use.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// A file with code.
struct Entry {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

impl Folder {
    /// Makes it if it is not there.
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
        // It stays the same folder, wherever this process or a link goes.
        let path = fs::canonicalize(path).map_err(failed)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the key in it, or makes one.
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
        // Of the file that was opened, whatever bears its name by now.
        must_be_ours(&path, &file.metadata().map_err(failed)?)?;
        Ok(ArtifactKey::read_open(&path, &file)?)
    }

    /// Where code of this name is.
    pub(super) fn file(&self, address: &Address) -> PathBuf {
        self.path.join(format!("{}{CODE}", address.0))
    }

    /// Begins a file that gets its name when it is whole. It is locked as long as
    /// somebody writes, which tells it from those whose process has died.
    pub(super) fn unfinished(&self) -> io::Result<NamedTempFile> {
        let mut tries = 0;
        loop {
            let file = tempfile::Builder::new()
                .prefix(UNFINISHED)
                .tempfile_in(&self.path)?;
            // Without locks, nothing is swept either.
            let _ = file.as_file().try_lock();
            tries += 1;
            // Between its making and its locking, it could be taken for a left-over.
            if file.as_file().metadata()?.nlink() > 0 || tries == TRIES {
                return Ok(file);
            }
        }
    }

    /// Removes what processes have left that died while they wrote.
    pub(super) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else {
            return;
        };
        for entry in entries.flatten() {
            let unfinished = entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(UNFINISHED.as_bytes());
            let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            let abandoned = || open_file(&entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            if unfinished && plain && abandoned() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes code that was not used for the longest time, until no more than so
    /// many bytes are left. Returns how many files it has removed.
    pub(super) fn trim(&self, most: u64) -> io::Result<u64> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Whatever is gone by now takes no room.
            if let (true, Ok(found)) = (is_code(&entry.file_name()), entry.metadata()) {
                entries.push(Entry {
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

/// Whoever else could write here could exchange the key.
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
