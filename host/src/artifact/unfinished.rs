//! Files that get their name when they are complete.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// Prefix of the names of unfinished files.
const UNFINISHED: &str = "unfinished-";

/// Number of attempts to create a file that another process removes.
const TRIES: u32 = 8;

/// Creates a file that only this user can access. The file is locked while it is written, unlike
/// the files of processes that died.
pub(super) fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    let mut tries = 0;
    loop {
        let file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(folder)?;
        // Without locks, no file is removed either.
        let _ = file.as_file().try_lock();
        tries += 1;
        // Another process could remove the file between its creation and its lock.
        if file.as_file().metadata()?.nlink() > 0 || tries == TRIES {
            return Ok(file);
        }
    }
}

/// Whether this is the name of an unfinished file.
pub(super) fn is_unfinished(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
}
