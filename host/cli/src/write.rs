//! Writes files atomically if possible.

use std::fs::{File, Metadata, Permissions};
use std::io::{Error, ErrorKind, Result, Seek, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::{fs, iter};

use solti_metrics_host::text::printable;
use tempfile::NamedTempFile;

use crate::unfinished::Unfinished;

/// Prefix of a temporary file.
const UNFINISHED: &str = ".solti-metrics.";

/// Mode of a new file, before the umask of the process applies.
const NEW: u32 = 0o666;

/// Writes a file. Readers see the old content or the complete new content if the system can
/// replace the file. A mount, a file of another user, and a file in a read-only folder are
/// overwritten in place.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &behind_links(path)?;
    let there = match fs::metadata(path) {
        Ok(there) if there.is_dir() => return Err(ErrorKind::IsADirectory.into()),
        Ok(there) => Some(there),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    match (replace(path, there.as_ref(), bytes), there) {
        // The file may be writable in a folder where no file can be created or renamed.
        (Err(error), Some(_)) if !is_full(&error) => overwrite(path, bytes),
        (result, _) => result,
    }
}

/// Maximum number of links that Linux follows.
const LINKS: usize = 40;

/// A path, and the target of each link that the path follows.
pub(crate) fn links(path: &Path) -> impl Iterator<Item = PathBuf> {
    let next = |path: &PathBuf| {
        let target = fs::read_link(path).ok()?;
        // A relative target starts at the folder of the link.
        Some(path.parent().unwrap_or(Path::new("")).join(target))
    };
    iter::successors(Some(path.to_owned()), next).take(LINKS + 1)
}

/// The final target of a path. Links stay, even if the target does not exist.
fn behind_links(path: &Path) -> Result<PathBuf> {
    match links(path).last() {
        Some(path) if !path.is_symlink() => Ok(path),
        _ => Err(Error::other("too many symbolic links")),
    }
}

/// Writes a temporary file, and renames it to `path`.
fn replace(path: &Path, there: Option<&Metadata>, bytes: &[u8]) -> Result<()> {
    if path.file_name().is_none() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut unfinished = Unfinished::make(|| {
        tempfile::Builder::new()
            .prefix(UNFINISHED)
            .permissions(Permissions::from_mode(NEW))
            .tempfile_in(folder)
    })
    .map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let folder = printable(&folder.display().to_string());
            Error::new(
                ErrorKind::NotFound,
                format!("the folder {folder} does not exist"),
            )
        }
        _ => error,
    })?;
    let file = &mut unfinished.it;
    if let Some(there) = there {
        copy_owner(there, file)?;
    }
    // These errors do not contain the temporary path.
    file.as_file().write_all(bytes)?;
    sync(file.as_file())?;
    let Unfinished { it, listed } = unfinished;
    it.persist(path).map_err(|failed| failed.error)?;
    drop(listed);
    Ok(())
}

/// Gives a new file the owner and the mode of the existing file, or fails.
fn copy_owner(there: &Metadata, file: &NamedTempFile) -> Result<()> {
    let other = file.as_file().metadata()?;
    if (there.uid(), there.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(there.uid()), Some(there.gid()))?;
    }
    file.as_file().set_permissions(there.permissions())
}

/// Overwrites the content of the file. On failure, the file is left empty, because a part
/// could look complete.
fn overwrite(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = File::options().write(true).open(path)?;
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.write_all(bytes)?;
        sync(file)
    };
    write(&mut file).inspect_err(|_| {
        let _ = file.rewind().and_then(|()| file.set_len(0));
    })
}

/// Waits until the data is on disk, if the file is on a disk.
fn sync(file: &File) -> Result<()> {
    match file.sync_all() {
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

/// Whether the disk had no space for a second file. There is no space to overwrite the file
/// either, so the existing content stays.
fn is_full(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &Path) -> Result<Vec<OsString>> {
        let mut names = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name()))
            .collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    #[test]
    fn a_replaced_file_has_the_mode_of_the_old_one() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        write(&path, b"one")?;
        fs::set_permissions(&path, Permissions::from_mode(0o640))?;
        let before = fs::metadata(&path)?;
        write(&path, b"other")?;
        let after = fs::metadata(&path)?;
        assert_eq!(fs::read(&path)?, b"other");
        assert_eq!(after.mode() & 0o777, 0o640);
        assert_ne!(after.ino(), before.ino());
        assert_eq!(names(folder.path())?, ["file"]);
        Ok(())
    }

    #[test]
    fn a_link_stays_and_its_target_is_written() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = |name| folder.path().join(name);
        fs::create_dir(path("below"))?;
        symlink("below/second", path("first"))?;
        symlink("file", path("below/second"))?;
        // The target may be missing or present.
        for text in ["one", "other"] {
            write(&path("first"), text.as_bytes())?;
            assert_eq!(fs::read_to_string(path("below/file"))?, text);
            assert!(path("first").is_symlink() && path("below/second").is_symlink());
        }
        symlink("endless", path("endless"))?;
        assert!(write(&path("endless"), b"").is_err());
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_overwritten() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        fs::write(&path, "much longer than after")?;
        overwrite(&path, b"after")?;
        assert_eq!(fs::read(&path)?, b"after");
        Ok(())
    }

    /// In this folder, no user can create a file.
    #[test]
    fn a_file_in_a_folder_that_cannot_be_written_to_is_overwritten() -> Result<()> {
        let path = Path::new("/proc/thread-self/comm");
        write(path, b"another")?;
        assert_eq!(fs::read(path)?, b"another\n");
        Ok(())
    }

    #[test]
    fn writing_to_a_folder_is_an_error() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for path in [folder.path(), Path::new("/"), Path::new("..")] {
            let error = write(path, b"").err().map(|error| error.kind());
            assert_eq!(error, Some(ErrorKind::IsADirectory), "{}", path.display());
        }
        Ok(())
    }
}
