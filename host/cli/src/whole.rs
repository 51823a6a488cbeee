//! Unbuffered writes of all bytes to a descriptor.

use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// Writes all bytes to a descriptor, without a buffer. If another process made the
/// descriptor non-blocking, the function waits until it accepts more bytes.
///
/// # Errors
///
/// If the descriptor accepts no more bytes. The error contains the number of written bytes.
pub(crate) fn write_whole(to: impl AsFd, bytes: &[u8]) -> Result<(), IncompleteWrite> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let error = match rustix::io::write(&to, rest) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(taken) => {
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&to, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => continue,
                Err(error) => error.into(),
            },
            Err(error) => error.into(),
        };
        let written = bytes.len() - rest.len();
        return Err(IncompleteWrite { written, error });
    }
    Ok(())
}

/// Writes all bytes to standard error, without bytes of other threads between them.
///
/// # Errors
///
/// As for [`write_whole`].
pub(crate) fn to_stderr(bytes: &[u8]) -> Result<(), IncompleteWrite> {
    write_whole(io::stderr().lock(), bytes)
}

/// Writes all bytes to standard output, without bytes of other threads between them.
///
/// # Errors
///
/// As for [`write_whole`].
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<(), IncompleteWrite> {
    let mut stdout = io::stdout().lock();
    // Bytes in the buffer are written first.
    stdout
        .flush()
        .map_err(|error| IncompleteWrite { written: 0, error })?;
    write_whole(stdout, bytes)
}

/// Error of an incomplete write.
#[derive(Debug)]
pub(crate) struct IncompleteWrite {
    pub(crate) written: usize,
    pub(crate) error: io::Error,
}

impl From<IncompleteWrite> for io::Error {
    fn from(torn: IncompleteWrite) -> Self {
        torn.error
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use super::*;

    #[test]
    fn a_slow_reader_of_a_non_blocking_descriptor_gets_all_bytes() -> io::Result<()> {
        let (mut reader, writer) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        let bytes: Vec<_> = (0..=u8::MAX).cycle().take(4 << 20).collect();
        let expected = bytes.clone();
        let written = thread::spawn(move || write_whole(&writer, &bytes));
        let mut read = Vec::new();
        reader.read_to_end(&mut read)?;
        assert!(written.join().is_ok_and(|written| written.is_ok()));
        assert!(read == expected);
        Ok(())
    }

    #[test]
    fn an_error_has_the_number_of_written_bytes() -> io::Result<()> {
        let (reader, writer) = UnixStream::pair()?;
        drop(reader);
        let torn = write_whole(&writer, b"nobody reads this");
        let torn = torn.err().map(|torn| (torn.written, torn.error.kind()));
        assert_eq!(torn, Some((0, io::ErrorKind::BrokenPipe)));
        Ok(())
    }
}
