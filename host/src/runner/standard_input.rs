//! Standard input of this process, shared by tasks.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll};
use std::thread;

use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::oneshot;

/// Maximum bytes of one read.
const PIECE: usize = 64 << 10;

/// Standard input of this process, read from its current position: a file, a pipe, a socket or a
/// terminal. Other processes may have the same input open, so it must not become non-blocking. One
/// thread waits for input, for all tasks.
pub(super) struct StandardInput {
    file: Arc<File>,
    wanted: Option<oneshot::Receiver<io::Result<Vec<u8>>>>,
    /// Bytes that were read, and not taken yet.
    rest: Vec<u8>,
}

/// A read for which a task waits.
struct ReadRequest {
    of: Arc<File>,
    most: usize,
    reply: oneshot::Sender<io::Result<Vec<u8>>>,
}

/// Channel to the reading thread, once it has been started.
static READER: Mutex<Option<Sender<ReadRequest>>> = Mutex::new(None);

impl StandardInput {
    /// Standard input of this descriptor.
    pub(super) fn new(file: File) -> Self {
        Self {
            file: Arc::new(file),
            wanted: None,
            rest: Vec::new(),
        }
    }

    fn ask(&self, most: usize) -> io::Result<oneshot::Receiver<io::Result<Vec<u8>>>> {
        let (reply, wanted) = oneshot::channel();
        let of = Arc::clone(&self.file);
        let mut reader = READER.lock();
        if reader.is_none() {
            let (asked, wants) = channel();
            thread::Builder::new()
                .name("stdin".into())
                .spawn(move || read_all(&wants))?;
            *reader = Some(asked);
        }
        if let Some(reader) = &*reader {
            let _ = reader.send(ReadRequest { of, most, reply });
        }
        Ok(wanted)
    }
}

impl AsyncRead for StandardInput {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            let mut wanted = match this.wanted.take() {
                Some(wanted) => wanted,
                None => this.ask(buffer.remaining().min(PIECE))?,
            };
            let Poll::Ready(read) = Pin::new(&mut wanted).poll(cx) else {
                this.wanted = Some(wanted);
                return Poll::Pending;
            };
            this.rest = read.map_err(io::Error::other)??;
        }
        let taken = this.rest.len().min(buffer.remaining());
        buffer.put_slice(&this.rest[..taken]);
        this.rest.drain(..taken);
        Poll::Ready(Ok(()))
    }
}

/// Carries out reads one after another, as soon as input is available. A task that is gone takes no
/// input away from other tasks.
fn read_all(wants: &Receiver<ReadRequest>) {
    for ReadRequest { of, most, reply } in wants {
        let waited = wait(&of);
        if reply.is_closed() {
            continue;
        }
        let read = waited.and_then(|()| {
            let mut bytes = vec![0; most];
            let read = (&*of).read(&mut bytes)?;
            bytes.truncate(read);
            Ok(bytes)
        });
        let _ = reply.send(read);
    }
}

fn wait(file: &File) -> io::Result<()> {
    loop {
        match poll(&mut [PollFd::new(file, PollFlags::IN)], None) {
            Err(Errno::INTR) => {}
            waited => return Ok(waited.map(drop)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use tokio::io::AsyncReadExt;

    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    async fn all(file: File) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        StandardInput::new(file).read_to_end(&mut read).await?;
        Ok(read)
    }

    /// Checks that other owners of the input can still block on it.
    async fn of(input: OwnedFd, mut writer: impl Write) -> Tested {
        let file = File::from(input);
        let others = file.try_clone()?;
        // A reader that is dropped takes no input with it.
        let gone = StandardInput::new(file.try_clone()?).ask(10)?;
        drop(gone);
        let reading = tokio::spawn(all(file));
        writer.write_all(b"one\n")?;
        tokio::task::yield_now().await;
        writer.write_all(b"two\n")?;
        drop(writer);
        assert_eq!(reading.await??, b"one\ntwo\n");
        let flags = rustix::fs::fcntl_getfl(&others)?;
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
        Ok(())
    }

    #[tokio::test]
    async fn a_pipe_is_read_to_its_end_and_stays_as_it_is() -> Tested {
        let (reader, writer) = io::pipe()?;
        of(reader.into(), writer).await
    }

    #[tokio::test]
    async fn a_socket_is_read_to_its_end_and_stays_as_it_is() -> Tested {
        let (reader, writer) = UnixStream::pair()?;
        of(reader.into(), writer).await
    }

    #[tokio::test]
    async fn a_file_is_read_on_from_where_it_is() -> Tested {
        let mut file = tempfile::tempfile()?;
        file.write_all(b"read already, the rest")?;
        file.seek(SeekFrom::Start(14))?;
        assert_eq!(all(file).await?, b"the rest");
        Ok(())
    }

    #[tokio::test]
    async fn a_small_buffer_loses_nothing() -> Tested {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(b"abcdef")?;
        drop(writer);
        let mut input = StandardInput::new(File::from(OwnedFd::from(reader)));
        let mut read = Vec::new();
        let mut piece = [0; 4];
        while let length @ 1.. = input.read(&mut piece).await? {
            read.extend_from_slice(&piece[..length]);
        }
        assert_eq!(read, b"abcdef");
        Ok(())
    }
}
