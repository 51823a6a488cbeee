//! Files of components. Errors name the file and the fix.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::LoadError;
use crate::file::{behind, open_file};
use crate::text::printable;

/// First bytes of a file with machine code.
pub(crate) const SEALED: [u8; 8] = *b"\xabsolti\r\n";

/// Reads a component's file, up to `limit` bytes.
#[cfg(feature = "compose")]
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    read_open(path, &open(path)?, limit)
}

/// Opens a component's file.
pub(crate) fn open(path: &Path) -> Result<File, LoadError> {
    open_file(path).map_err(|source| match source.kind() {
        ErrorKind::IsADirectory => LoadError::Directory { path: path.into() },
        _ => LoadError::unread(path, source),
    })
}

/// Reads the rest of a file, up to `limit` bytes.
pub(crate) fn read_open(path: &Path, file: &File, limit: u64) -> Result<Vec<u8>, LoadError> {
    read_behind(Vec::new(), path, file, limit)
}

/// Reads the rest of a file behind the bytes that were read before.
pub(crate) fn read_behind(
    read: Vec<u8>,
    path: &Path,
    file: &File,
    limit: u64,
) -> Result<Vec<u8>, LoadError> {
    match behind(read, file, limit) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(size)) => Err(LoadError::TooLarge {
            name: printable(&path.display().to_string()),
            size,
            limit,
        }),
        Err(source) => Err(LoadError::unread(path, source)),
    }
}

/// Rejects a component in memory that exceeds the maximum size.
#[cfg(feature = "execution")]
pub(crate) fn within(limit: u64, name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let size = bytes.len() as u64;
    if size > limit {
        let name = printable(name);
        return Err(LoadError::TooLarge { name, size, limit });
    }
    Ok(())
}
