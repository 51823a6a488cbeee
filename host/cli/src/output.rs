use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::write::write;

/// Where bytes go that somebody asked for.
pub(crate) enum Output {
    Stdout,
    /// A file, there or not, which is replaced as a whole.
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
            // Behind a link, the file is replaced, and the link stays.
            Ok(found) if found.is_file() => fs::canonicalize(path).map(Self::File),
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
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            Self::File(path) => write(path, bytes),
            Self::Opened(file) => {
                let mut file = file;
                file.write_all(bytes)
            }
        }
    }
}
