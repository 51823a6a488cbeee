use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{LoadError, printable};

/// How a file begins that has machine code.
pub(crate) const SEALED: [u8; 8] = *b"\xabsolti\r\n";

/// Reads a component's file, and not a byte more than `limit`.
#[cfg(feature = "compose")]
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    read_open(path, open(path)?, limit)
}

/// Opens a component's file.
pub(crate) fn open(path: &Path) -> Result<File, LoadError> {
    let failed = |source: io::Error| LoadError::Read {
        path: path.into(),
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Err(LoadError::Directory { path: path.into() });
    }
    File::open(path).map_err(failed)
}

/// Reads the rest of a file, and not a byte more than `limit`.
pub(crate) fn read_open(path: &Path, file: File, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |source: io::Error| LoadError::Read {
        path: path.into(),
        source,
    };
    let size = file.metadata().map_err(failed)?.len();
    let expected = usize::try_from(size.min(limit)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(expected.saturating_add(1));
    // One byte more than permitted tells that there is more.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge {
            name: printable(&path.display().to_string()),
            size: size.max(bytes.len() as u64),
            limit,
        });
    }
    Ok(bytes)
}

/// Refuses a component in memory that is larger than permitted.
pub(crate) fn within(limit: u64, name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let size = bytes.len() as u64;
    if size > limit {
        let name = printable(name);
        return Err(LoadError::TooLarge { name, size, limit });
    }
    Ok(())
}
