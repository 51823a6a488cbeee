use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use solti_metrics_host::process::io_reason;

use crate::exit::print;
use crate::voice::complain;
use crate::whole::{to_stdout, write_whole};
use crate::write::{links, write};

/// Where bytes go that somebody asked for.
pub(crate) enum Output {
    Stdout,
    /// A file, there or not, which is written as a whole.
    File(PathBuf),
    /// What cannot be replaced: a pipe, a device.
    Opened(File),
}

impl Output {
    /// `-` is standard output, and so is every other name of what standard output leads
    /// to: those bytes go to its descriptor, behind what is there.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let stdout = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        if stdout.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Stdout);
        }
        let Ok(found) = fs::metadata(path) else {
            return Ok(Self::File(path.into()));
        };
        if is(&found, io::stdout()) {
            return Ok(Self::Stdout);
        }
        let opened = is_descriptor(path);
        if found.is_file() && !opened {
            return Ok(Self::File(path.into()));
        }
        // What was written to an open file stays in front.
        let file = File::options().append(opened).write(true).open(path)?;
        Ok(Self::Opened(file))
    }

    /// Where a file goes that is no text. `None` if that is a terminal, of which the user
    /// is told; `what` the file has.
    pub(crate) fn for_bytes(path: &Path, what: &str) -> anyhow::Result<Option<Self>> {
        let output = Self::of(path).map_err(|error| unwritable(path, &error))?;
        let to = path.display();
        if output.is_terminal() {
            complain(format_args!(
                "error: {to} is a terminal, and {what} is no text; name a file, or redirect the output"
            ));
            return Ok(None);
        }
        Ok(Some(output))
    }

    fn is_terminal(&self) -> bool {
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

    /// Tells what was written: on standard error where the bytes went to a stream, and
    /// never behind the bytes.
    pub(crate) fn summarize(&self, line: &str) -> io::Result<()> {
        let found = match self {
            Self::File(_) => return print(&format!("{line}\n")),
            Self::Stdout => metadata(io::stdout())?,
            Self::Opened(file) => file.metadata()?,
        };
        if !is(&found, io::stderr()) {
            complain(format_args!("{line}"));
        } else if !is(&found, io::stdout()) {
            print(&format!("{line}\n"))?;
        }
        Ok(())
    }
}

/// Why nothing is written there.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> anyhow::Error {
    let reason = io_reason(error, "name a file that can be written");
    anyhow!("cannot write {}: {reason}", path.display())
}

/// Whether a descriptor leads to this file.
fn is(found: &Metadata, descriptor: impl AsFd) -> bool {
    let same = |it: Metadata| (it.dev(), it.ino()) == (found.dev(), found.ino());
    metadata(descriptor).is_ok_and(same)
}

fn metadata(descriptor: impl AsFd) -> io::Result<Metadata> {
    File::from(descriptor.as_fd().try_clone_to_owned()?).metadata()
}

/// Whether a path, or a link that it leads through, is the name of a file that this
/// process has opened already, and that may have no other name any more.
fn is_descriptor(path: &Path) -> bool {
    let folders = [
        "/dev/fd",
        "/dev/stderr",
        "/proc/self/fd",
        "/proc/thread-self/fd",
    ];
    let is = |path: &Path| folders.iter().any(|folder| path.starts_with(folder));
    links(path).any(|path| is(&path))
}
