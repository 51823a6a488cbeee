use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::{LoadError, printable};

/// Reads a component's file, and not a byte more than `limit`.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |source: io::Error| LoadError::Read {
        path: path.into(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(LoadError::Directory { path: path.into() });
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than permitted tells that there is more.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge {
            name: printable(&path.display().to_string()),
            size: metadata.len().max(bytes.len() as u64),
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
