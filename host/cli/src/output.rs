//! Destinations of the files that a command writes.

use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use solti_metrics_host::process::io_reason;

use crate::exit::print;
use crate::messages::print_message;
use crate::whole::{to_stdout, write_whole};
use crate::write::{links, write};

/// Destination of the bytes that the user requested.
pub(crate) enum Destination {
    Stdout,
    /// A file, which is written completely or not at all.
    File(PathBuf),
    /// An open pipe or device, which cannot be replaced.
    Opened(File),
}

impl Destination {
    /// `-` is standard output. Any other path to the file of standard output also writes to
    /// the descriptor, after the bytes that are already there.
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
        // Bytes that were written to an open file before are not overwritten.
        let file = File::options().append(opened).write(true).open(path)?;
        Ok(Self::Opened(file))
    }

    /// Destination of a binary file. `None` if the destination is a terminal, which is
    /// reported to the user. `what` names the content of the file.
    pub(crate) fn for_bytes(path: &Path, what: &str) -> anyhow::Result<Option<Self>> {
        let output = Self::of(path).map_err(|error| unwritable(path, &error))?;
        let to = path.display();
        if output.is_terminal() {
            print_message(format_args!(
                "error: {to} is a terminal, and {what} is not text; name a file, or redirect the output"
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

    /// Prints the summary. It goes to standard error if the bytes went to a stream, and
    /// never into the stream of the bytes.
    pub(crate) fn summarize(&self, line: &str) -> io::Result<()> {
        let found = match self {
            Self::File(_) => return print(&format!("{line}\n")),
            Self::Stdout => metadata(io::stdout())?,
            Self::Opened(file) => file.metadata()?,
        };
        if !is(&found, io::stderr()) {
            print_message(format_args!("{line}"));
        } else if !is(&found, io::stdout()) {
            print(&format!("{line}\n"))?;
        }
        Ok(())
    }
}

/// Error of a destination that cannot be written.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> anyhow::Error {
    let reason = io_reason(error, "name a file that can be written");
    anyhow!("cannot write {}: {reason}", path.display())
}

/// Whether a descriptor refers to this file.
fn is(found: &Metadata, descriptor: impl AsFd) -> bool {
    let same = |it: Metadata| (it.dev(), it.ino()) == (found.dev(), found.ino());
    metadata(descriptor).is_ok_and(same)
}

fn metadata(descriptor: impl AsFd) -> io::Result<Metadata> {
    File::from(descriptor.as_fd().try_clone_to_owned()?).metadata()
}

/// Whether a path, or a link that the path follows, names an open descriptor of this
/// process. The file of the descriptor may have no other name.
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
