use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::whole::{to_stdout, write_whole};
use crate::write::write;

/// Where bytes go that somebody asked for.
pub(crate) enum Output {
    Stdout,
    /// A file, there or not, which is written as a whole.
    File(PathBuf),
    /// What cannot be replaced: a pipe, a device.
    Opened(File),
}

impl Output {
    /// `-` is standard output.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let stdout = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        if stdout.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Stdout);
        }
        match fs::metadata(path) {
            Ok(found) if found.is_file() && !is_descriptor(path) => Ok(Self::File(path.into())),
            Ok(_) => File::options().write(true).open(path).map(Self::Opened),
            Err(_) => Ok(Self::File(path.into())),
        }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::File(_) => false,
            Self::Opened(file) => file.is_terminal(),
        }
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => Ok(to_stdout(bytes)?),
            Self::File(path) => write(path, bytes),
            Self::Opened(file) => Ok(write_whole(file, bytes)?),
        }
    }
}

/// Whether a path is the name of a file that this process has opened already, and that
/// may have no other name any more.
fn is_descriptor(path: &Path) -> bool {
    let folders = [
        "/dev/fd",
        "/dev/stderr",
        "/proc/self/fd",
        "/proc/thread-self/fd",
    ];
    folders.iter().any(|folder| path.starts_with(folder))
}
