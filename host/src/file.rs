//! Files that a user, a configuration or another process named. Each file is checked for its kind
//! before it is opened, and for its size before it is read. So no name makes this process wait for
//! ever or take memory without a limit.

use std::fmt;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, ErrorKind, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};

/// Names of the standard input.
const STDIN: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// Folders in which a name is that of a descriptor that this process has open.
const DESCRIPTORS: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

/// Bytes that are reserved for a file at once, if its size is not known.
const PIECE: u64 = 64 << 10;

/// Whether a path means the standard input of this process: `-`, `/dev/stdin`, `/dev/fd/0` and
/// `/proc/self/fd/0` do. A file named `-` is `./-`.
#[must_use]
pub fn is_standard_input(path: &Path) -> bool {
    STDIN.iter().any(|name| path == Path::new(name))
}

/// Opens a file to read it, without waiting.
///
/// Regular files are opened, and descriptors of any kind that this process was given open. Those
/// are [its standard input](is_standard_input), which is descriptor 0 itself and is read from its
/// current position, and pipes under `/dev/fd/`. A pipe, a socket, a device or a directory of any
/// other name is rejected before it is opened. Reads of the open file may
/// [fail](ErrorKind::WouldBlock) where other reads wait: [`read_opened`] waits.
///
/// # Errors
///
/// When the file does not exist, must not be read, or is of another kind.
pub fn open_file(path: &Path) -> io::Result<File> {
    if is_standard_input(path) {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        if file.metadata()?.is_dir() {
            return Err(NotAFile::Directory.into());
        }
        if rustix::fs::fcntl_getfl(&file)? & OFlags::ACCMODE == OFlags::WRONLY {
            let wrong = "it is open for writing only";
            return Err(io::Error::new(ErrorKind::PermissionDenied, wrong));
        }
        return Ok(file);
    }
    let given_open = path
        .parent()
        .is_some_and(|folder| DESCRIPTORS.iter().any(|it| folder == Path::new(it)));
    must_be_file(&fs::metadata(path)?, given_open)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    // Another file may have this name by now.
    must_be_file(&file.metadata()?, given_open)?;
    Ok(file)
}

/// Reads a whole file of at most `limit` bytes, [opened](open_file) without waiting. A larger file
/// is rejected before it is read.
///
/// # Errors
///
/// When the file cannot be opened or read; [`ErrorKind::FileTooLarge`] when it is larger.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_opened(&open_file(path)?, limit)
}

/// Reads the rest of a file, of at most `limit` bytes, and waits for them if the file is a pipe.
///
/// # Errors
///
/// As for [`read_file`].
pub fn read_opened(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    match behind(Vec::new(), file, limit)? {
        Ok(bytes) => Ok(bytes),
        Err(size) => Err(io::Error::new(
            ErrorKind::FileTooLarge,
            format!("it has {size} bytes, and the limit is {limit}"),
        )),
    }
}

/// The bytes that were read before with the rest of the file, or the number of bytes if they exceed
/// the limit.
pub(crate) fn behind(
    mut read: Vec<u8>,
    mut file: &File,
    limit: u64,
) -> io::Result<Result<Vec<u8>, u64>> {
    let metadata = file.metadata()?;
    let space = limit.saturating_sub(read.len() as u64);
    let mut expected = PIECE.min(space);
    if metadata.is_file() {
        let size = metadata.len();
        expected = size.saturating_sub(file.stream_position()?);
        if expected > space {
            return Ok(Err(size));
        }
    }
    let expected = usize::try_from(expected).map_err(io::Error::other)?;
    // A lack of memory is an error like any other.
    read.try_reserve_exact(expected.saturating_add(1))?;
    // One byte more than the limit shows that the file is larger.
    WaitingReader(file)
        .take(space.saturating_add(1))
        .read_to_end(&mut read)?;
    let length = read.len() as u64;
    match length > limit {
        true => Ok(Err(metadata.len().max(length))),
        false => Ok(Ok(read)),
    }
}

/// A file whose reads wait for input.
pub(crate) struct WaitingReader<'a>(pub(crate) &'a File);

impl Read for WaitingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let readable = PollFd::new(self.0, PollFlags::IN);
                    match poll(&mut [readable], None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                read => return read,
            }
        }
    }
}

/// Kind of a file that is not regular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NotAFile {
    Directory,
    Pipe,
    Socket,
    Device,
}

impl NotAFile {
    fn of(kind: FileType) -> Option<Self> {
        match kind {
            _ if kind.is_file() => None,
            _ if kind.is_dir() => Some(Self::Directory),
            _ if kind.is_fifo() => Some(Self::Pipe),
            _ if kind.is_socket() => Some(Self::Socket),
            _ => Some(Self::Device),
        }
    }
}

impl fmt::Display for NotAFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::Directory => "directory",
            Self::Pipe => "named pipe",
            Self::Socket => "socket",
            Self::Device => "device",
        };
        write!(f, "it is a {kind}, not a regular file")
    }
}

impl std::error::Error for NotAFile {}

impl From<NotAFile> for io::Error {
    fn from(not: NotAFile) -> Self {
        let kind = match not {
            NotAFile::Directory => ErrorKind::IsADirectory,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, not)
    }
}

fn must_be_file(metadata: &Metadata, given_open: bool) -> io::Result<()> {
    match NotAFile::of(metadata.file_type()) {
        None => Ok(()),
        Some(NotAFile::Pipe | NotAFile::Device) if given_open => Ok(()),
        Some(not) => Err(not.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType as Kind, mknodat};

    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    /// Opening the pipe would wait for a writer, and reading the device never ends.
    #[test]
    fn only_a_regular_file_is_opened_by_its_name() -> Tested {
        let folder = tempfile::tempdir()?;
        let path = |name| folder.path().join(name);
        mknodat(CWD, path("pipe"), Kind::Fifo, Mode::RUSR, 0)?;
        let _listens = UnixListener::bind(path("socket"))?;
        for (path, said) in [
            (path("pipe"), "it is a named pipe"),
            (path("socket"), "it is a socket"),
            ("/dev/zero".into(), "it is a device"),
            (folder.path().to_owned(), "it is a directory"),
        ] {
            let refused = read_file(&path, 10).err().map(|error| error.to_string());
            let refused = refused.unwrap_or_default();
            assert!(refused.starts_with(said), "{}: {refused}", path.display());
        }
        Ok(())
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() -> Tested {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        fs::write(&path, b"0123456789")?;
        assert_eq!(read_file(&path, 10)?, b"0123456789");
        let refused = read_file(&path, 9).err();
        let kind = refused.as_ref().map(io::Error::kind);
        assert_eq!(kind, Some(ErrorKind::FileTooLarge), "{refused:?}");
        // No memory could hold the file.
        File::create(&path)?.set_len(1 << 40)?;
        let refused = read_file(&path, 1 << 20).err();
        let kind = refused.as_ref().map(io::Error::kind);
        assert_eq!(kind, Some(ErrorKind::FileTooLarge), "{refused:?}");
        Ok(())
    }

    #[test]
    fn a_pipe_that_was_given_open_is_read_to_its_end() -> Tested {
        let (reader, mut writer) = io::pipe()?;
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let file = open_file(Path::new(&path))?;
        let read = std::thread::spawn(move || read_opened(&file, 10));
        writer.write_all(b"one")?;
        writer.write_all(b"two")?;
        drop(writer);
        let read = read.join().map_err(|_| "it panicked")?;
        assert_eq!(read?, b"onetwo");
        Ok(())
    }

    #[test]
    fn input_of_a_pipe_beyond_the_limit_is_rejected() -> Tested {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&[0; 11])?;
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let refused = read_file(Path::new(&path), 10).err();
        let kind = refused.as_ref().map(io::Error::kind);
        assert_eq!(kind, Some(ErrorKind::FileTooLarge), "{refused:?}");
        Ok(())
    }
}
