//! Standard input of a task.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tokio::net::unix::pipe::Receiver;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{AsyncStdinStream, InputFile};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

use super::SpawnError;
use super::standard_input::StandardInput;
use crate::file::{is_standard_input, open_file};

/// Standard input of a guest.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Stdin {
    /// Empty input.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// This file, opened for each task. A named pipe or a terminal is allowed: the task starts at
    /// once, and the guest waits for input within its deadline, without a thread.
    ///
    /// A name of [this process's standard input](crate::file::is_standard_input) means that
    /// descriptor, which all tasks read from its current position.
    File(PathBuf),
}

impl Stdin {
    pub(super) fn give_to(&self, wasi: &mut WasiCtxBuilder) -> Result<(), SpawnError> {
        match self {
            Self::Empty => {}
            Self::Bytes(bytes) => {
                wasi.stdin(MemoryInputPipe::new(bytes.clone()));
            }
            Self::File(path) => match open(path) {
                Ok(StdinSource::Ready(file)) => {
                    wasi.stdin(InputFile::new(file));
                }
                Ok(StdinSource::Waiting(file)) => {
                    wasi.stdin(AsyncStdinStream::new(file));
                }
                Ok(StdinSource::Given(input)) => {
                    wasi.stdin(AsyncStdinStream::new(input));
                }
                Err(reason) => {
                    let path = path.clone();
                    return Err(SpawnError::Stdin { path, reason });
                }
            },
        }
        Ok(())
    }
}

/// A file that can be read.
enum StdinSource {
    /// A read never waits.
    Ready(File),
    /// A read may wait for long.
    Waiting(Receiver),
    /// Standard input of this process.
    Given(StandardInput),
}

/// Opens the file without waiting for a writer.
fn open(path: &Path) -> io::Result<StdinSource> {
    if is_standard_input(path) {
        return Ok(StdinSource::Given(StandardInput::new(open_file(path)?)));
    }
    let file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if kind.is_file() {
        return Ok(StdinSource::Ready(file));
    }
    // All files that can be waited for are read in the same way, including a terminal.
    match Receiver::from_file_unchecked(file.try_clone()?) {
        Ok(waiting) => Ok(StdinSource::Waiting(waiting)),
        // A file that cannot be waited for, such as the null device, never blocks.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(StdinSource::Ready(file)),
        Err(error) => Err(error),
    }
}
