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

/// What a guest reads from its standard input.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Stdin {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// This file, opened anew for each task. It may be a named pipe or a terminal: the
    /// task begins at once, and where there is nothing to read the guest waits, within
    /// its deadline and without a thread.
    ///
    /// A name of [this process's standard input](crate::file::is_standard_input) means that
    /// descriptor itself, which all tasks read on from where it is.
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
                Ok(Input::Ready(file)) => {
                    wasi.stdin(InputFile::new(file));
                }
                Ok(Input::Waiting(file)) => {
                    wasi.stdin(AsyncStdinStream::new(file));
                }
                Ok(Input::Given(input)) => {
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

/// A file that can be read from.
enum Input {
    /// There is always something, or its end.
    Ready(File),
    /// There may be nothing for long.
    Waiting(Receiver),
    /// This process has it open already.
    Given(StandardInput),
}

/// Opens it without waiting for whoever writes.
fn open(path: &Path) -> io::Result<Input> {
    if is_standard_input(path) {
        return Ok(Input::Given(StandardInput::new(open_file(path)?)));
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
        return Ok(Input::Ready(file));
    }
    // Whatever can be waited for is read in the same way, a terminal, too.
    match Receiver::from_file_unchecked(file.try_clone()?) {
        Ok(waiting) => Ok(Input::Waiting(waiting)),
        // What cannot be waited for, such as the null device, does not let wait.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(Input::Ready(file)),
        Err(error) => Err(error),
    }
}
