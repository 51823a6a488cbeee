//! The key that authenticates code, and its file.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::unfinished::unfinished;
use crate::file::{open_file, read_opened};
use crate::process::io_reason;
use crate::text::shown;

/// Maximum size of a key's file: the hexadecimal digits, and some space.
const LONGEST: u64 = 1024;

/// Key that authenticates code: 32 secret bytes. An owner of the key can make this process execute
/// any code.
///
/// A file contains the key as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct ArtifactKey([u8; 32]);

/// A key that cannot be read or created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file of the key cannot be read.
    #[error(
        "cannot read the key in {}: {}",
        shown(path),
        io_reason(reason, "name a readable file")
    )]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Reason.
        reason: io::Error,
    },
    /// The file does not exist, and cannot be created.
    #[error(
        "cannot create a key in {}: {}",
        shown(path),
        io_reason(reason, "name a file in a writable folder")
    )]
    Create {
        /// Path of the file.
        path: PathBuf,
        /// Reason.
        reason: io::Error,
    },
    /// The content of the file is not a key.
    #[error(
        "{}: invalid key: a key must be 64 hexadecimal digits; name a new file to create a key when you precompile",
        shown(path)
    )]
    Malformed {
        /// Path of the file.
        path: PathBuf,
    },
}

impl ArtifactKey {
    /// Reads a key from a file. The permissions of the file are not checked.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or its content is not a key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file = open_file(path).map_err(|reason| KeyError::Read {
            path: path.into(),
            reason,
        })?;
        Self::read_open(path, &file)
    }

    /// Reads a key from a file. If the file does not exist, it is created with random bytes of the
    /// system, and only this user may read it. Several processes that do so at once all get the
    /// same key.
    ///
    /// # Errors
    ///
    /// When the file can neither be read nor created, or its content is not a key.
    pub fn read_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::read(path) {
            Err(KeyError::Read { reason, .. }) if reason.kind() == ErrorKind::NotFound => {}
            read => return read,
        }
        match Self::create(path) {
            Err(reason) if reason.kind() == ErrorKind::AlreadyExists => Self::read(path),
            created => created.map_err(|reason| KeyError::Create {
                path: path.into(),
                reason,
            }),
        }
    }

    pub(super) fn read_open(path: &Path, file: &File) -> Result<Self, KeyError> {
        let malformed = || KeyError::Malformed { path: path.into() };
        let text = read_opened(file, LONGEST).map_err(|reason| match reason.kind() {
            ErrorKind::FileTooLarge => malformed(),
            _ => KeyError::Read {
                path: path.into(),
                reason,
            },
        })?;
        match blake3::Hash::from_hex(text.trim_ascii()) {
            Ok(key) => Ok(Self(*key.as_bytes())),
            Err(_) => Err(malformed()),
        }
    }

    /// Creates a file with a new key. The first process gives the file its name, and the file is
    /// complete by then.
    fn create(path: &Path) -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let key = Self(bytes);
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // The compilation cache removes such a file, if this process dies before its end.
        let file = unfinished(folder);
        // The original error names the temporary file.
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::NotFound => io::Error::new(ErrorKind::NotFound, "its folder does not exist"),
            _ => error,
        })?;
        writeln!(file.as_file(), "{}", blake3::Hash::from_bytes(bytes))?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        Ok(key)
    }

    /// Starts a digest that only an owner of this key can compute.
    pub(super) fn mac(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.0)
    }
}

impl fmt::Debug for ArtifactKey {
    /// Hides the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArtifactKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn concurrent_callers_get_the_same_key() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| ArtifactKey::read_or_create(&path).ok()))
                .collect();
            let keys = asking.into_iter().map(|it| it.join().ok().flatten());
            keys.collect()
        });
        let key = ArtifactKey::read(&path).ok();
        assert!(key.is_some());
        assert!(keys.iter().all(|it| *it == key));
        assert_eq!(path.metadata()?.permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder)?.count(), 1);
        assert_eq!(format!("{key:?}"), "Some(ArtifactKey(..))");
        Ok(())
    }

    #[test]
    fn a_file_without_a_key_is_rejected() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("key");
        for text in [
            "".to_owned(),
            "0".repeat(63),
            "0".repeat(65),
            "g".repeat(64),
            "0".repeat(10_000),
        ] {
            std::fs::write(&path, text)?;
            let read = ArtifactKey::read_or_create(&path);
            assert!(matches!(read, Err(KeyError::Malformed { .. })));
        }
        std::fs::write(&path, [0xff; 64])?;
        let read = ArtifactKey::read(&path);
        assert!(matches!(read, Err(KeyError::Malformed { .. })));
        std::fs::write(&path, format!("{}\r\n", "0A".repeat(32)))?;
        assert_eq!(ArtifactKey::read(&path).ok(), Some(ArtifactKey([10; 32])));
        let missing = ArtifactKey::read(&folder.path().join("missing"));
        assert!(matches!(missing, Err(KeyError::Read { .. })));
        let nowhere = ArtifactKey::read_or_create(&folder.path().join("no/where"));
        let told = format!("{nowhere:?}");
        assert!(told.contains("its folder does not exist"), "{told}");
        assert!(matches!(nowhere, Err(KeyError::Create { .. })));
        Ok(())
    }
}
