//! Standard streams of this process, written by one thread each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Write, stderr, stdout};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::task::{Context, Poll, Waker};
use std::thread;

use parking_lot::{Condvar, Mutex};
use rustix::event::{PollFd, PollFlags, poll};

/// Maximum bytes of all guests that wait for the reader, in addition to the bytes that are being
/// written.
const CAPACITY: usize = 64 << 10;

/// A standard stream of this process, which one thread writes for all guests. If the reader stalls,
/// only that thread blocks; guests wait without a thread.
pub(super) struct Standard {
    name: &'static str,
    state: Mutex<StreamState>,
    /// Signals that output is queued.
    work: Condvar,
}

pub(super) static STDOUT: Standard = Standard::new("stdout");
pub(super) static STDERR: Standard = Standard::new("stderr");

struct StreamState {
    started: bool,
    waiting: Vec<u8>,
    /// Bytes that were taken from guests, and bytes of them that were written or discarded.
    taken: u64,
    written: u64,
    /// Reason why the last piece was not written. The next guest that asks gets it.
    failed: Option<ErrorKind>,
    /// Wakers of waiting writers, at most one for each.
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

impl Standard {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Mutex::new(StreamState {
                started: false,
                waiting: Vec::new(),
                taken: 0,
                written: 0,
                failed: None,
                wakers: BTreeMap::new(),
                next: 0,
            }),
            work: Condvar::new(),
        }
    }

    /// Starts the thread, unless it was started before.
    pub(super) fn start(&'static self, stream: BorrowedFd<'_>) -> io::Result<()> {
        let mut state = self.state.lock();
        if !state.started {
            // Bypass the library's buffer, into which other code writes.
            let file = File::from(stream.try_clone_to_owned()?);
            thread::Builder::new()
                .name(self.name.into())
                .spawn(move || self.write_for_ever(&file))?;
            state.started = true;
        }
        Ok(())
    }

    fn write_for_ever(&self, file: &File) {
        let mut piece = Vec::new();
        let mut state = self.state.lock();
        loop {
            while state.waiting.is_empty() {
                self.work.wait(&mut state);
            }
            mem::swap(&mut piece, &mut state.waiting);
            drop(state);
            let result = write(file, &piece);
            state = self.state.lock();
            state.written += piece.len() as u64;
            state.failed = result.err().map(|error| error.kind());
            piece.clear();
            for (_, waker) in mem::take(&mut state.wakers) {
                waker.wake();
            }
        }
    }
}

/// One stream of one guest.
pub(super) struct Writer {
    to: &'static Standard,
    id: u64,
    /// Position up to which output must be written until all output of this writer is written.
    upto: u64,
}

impl Writer {
    pub(super) fn new(to: &'static Standard) -> Self {
        let mut state = to.state.lock();
        state.next += 1;
        Self {
            to,
            id: state.next,
            upto: 0,
        }
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.to.state.lock();
        if let Some(failed) = state.failed.take() {
            return Poll::Ready(Err(failed.into()));
        }
        let taken = bytes.len().min(CAPACITY - state.waiting.len());
        if taken == 0 && !bytes.is_empty() {
            state.wakers.insert(self.id, cx.waker().clone());
            return Poll::Pending;
        }
        state.waiting.extend_from_slice(&bytes[..taken]);
        state.taken += taken as u64;
        self.upto = state.taken;
        drop(state);
        self.to.work.notify_one();
        Poll::Ready(Ok(taken))
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.to.state.lock();
        if let Some(failed) = state.failed.take() {
            return Poll::Ready(Err(failed.into()));
        }
        if state.written >= self.upto {
            return Poll::Ready(Ok(()));
        }
        state.wakers.insert(self.id, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.to.state.lock().wakers.remove(&self.id);
    }
}

/// Starts the thread that writes this process's standard output.
pub(super) fn start_stdout() -> io::Result<()> {
    STDOUT.start(stdout().as_fd())
}

/// Starts the thread that writes this process's standard error.
pub(super) fn start_stderr() -> io::Result<()> {
    STDERR.start(stderr().as_fd())
}

/// Writes all bytes, even into a stream that another process made non-blocking.
fn write(mut file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&file, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    static STALLED: Standard = Standard::new("stalled");

    #[test]
    fn guests_wait_for_a_reader_that_stalls_without_a_thread() -> io::Result<()> {
        let (mut stream, mut reader) = UnixStream::pair()?;
        // An inherited stream can be non-blocking. This one is full, and has no reader.
        stream.set_nonblocking(true)?;
        let mut expected = 0;
        while let Ok(taken) = stream.write(&[7; 4 << 10]) {
            expected += taken;
        }
        STALLED.start(stream.as_fd())?;
        drop(stream);
        let mut cx = Context::from_waker(Waker::noop());
        let mut writers: Vec<_> = (0..100).map(|_| Writer::new(&STALLED)).collect();
        let mut stalled = 0;
        while stalled < 100 {
            stalled = 0;
            for writer in &mut writers {
                match writer.poll_write(&mut cx, &[7; 4 << 10]) {
                    Poll::Ready(taken) => expected += taken?,
                    Poll::Pending => stalled += 1,
                }
            }
        }
        assert!(writers[0].poll_flush(&mut cx).is_pending());
        assert_eq!(STALLED.state.lock().wakers.len(), 100);
        assert!(STALLED.state.lock().waiting.len() <= CAPACITY);
        // Writers that are gone are not waited for, and their output is not lost.
        writers.truncate(1);
        assert_eq!(STALLED.state.lock().wakers.len(), 1);
        let mut read = vec![0; expected];
        reader.read_exact(&mut read)?;
        assert!(read.iter().all(|&byte| byte == 7));
        while writers[0].poll_flush(&mut cx).is_pending() {
            thread::yield_now();
        }
        Ok(())
    }
}
