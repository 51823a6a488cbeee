use std::ffi::OsString;
use std::fs;
use std::io::{Error, ErrorKind, Result, Write};
use std::path::Path;

/// Writes a file. Whoever reads it sees all of it or nothing.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| Error::from(ErrorKind::IsADirectory))?;
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(format!(".{}", std::process::id()));
    let unfinished = path.with_file_name(unfinished);
    let mut file = fs::File::create_new(&unfinished)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, path))
        .inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
}
