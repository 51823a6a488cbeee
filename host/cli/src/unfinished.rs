//! Temporary files and folders. A process that ends on a signal removes them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use parking_lot::{Mutex, MutexGuard};

static PATHS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary file or folder. Its path is listed until the file or folder is gone.
pub(crate) struct Unfinished<T> {
    pub(crate) it: T,
    pub(crate) listed: Listed,
}

/// Entry of a temporary path in the list. A drop removes the entry, and does not remove the
/// file or folder.
pub(crate) struct Listed(PathBuf);

impl<T: AsRef<Path>> Unfinished<T> {
    /// Creates a temporary file or folder, and lists it in the same step.
    pub(crate) fn make(make: impl FnOnce() -> io::Result<T>) -> io::Result<Self> {
        let mut paths = PATHS.lock();
        let it = make().map_err(without_path)?;
        let path = it.as_ref().to_owned();
        paths.insert(path.clone());
        Ok(Self {
            it,
            listed: Listed(path),
        })
    }
}

/// Error of the system, without the temporary path, which means nothing to the user.
fn without_path(error: io::Error) -> io::Error {
    let cause = error.get_ref().and_then(|error| error.source());
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.and_then(io::Error::raw_os_error) {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error,
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        PATHS.lock().remove(&self.0);
    }
}

/// Removes all listed files and folders. No path is added to the list while the returned
/// lock is held.
pub(crate) fn remove_all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    let paths = PATHS.lock();
    remove(&paths);
    paths
}

fn remove(paths: &BTreeSet<PathBuf>) {
    for path in paths {
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_removed_and_missing_ones_are_ignored() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let [file, below, gone] = ["file", "below", "gone"].map(|name| folder.path().join(name));
        fs::write(&file, "half")?;
        fs::create_dir(&below)?;
        fs::write(below.join("file"), "half")?;
        remove(&[file, below, gone].into());
        assert!(fs::read_dir(folder.path())?.next().is_none());
        Ok(())
    }

    #[test]
    fn a_temporary_file_is_listed_until_it_is_dropped() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let made = Unfinished::make(|| tempfile::NamedTempFile::new_in(folder.path()))?;
        let path = made.it.path().to_owned();
        assert!(PATHS.lock().contains(&path));
        drop(made);
        assert!(!PATHS.lock().contains(&path) && !path.exists());
        Ok(())
    }
}
