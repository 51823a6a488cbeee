//! Queue of log entries, which a thread writes.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing_subscriber::fmt::MakeWriter;

/// Maximum number of queued entries.
pub(super) const ENTRIES: usize = 8_192;

/// Maximum number of bytes in queued entries.
pub(super) const BYTES: usize = 16 << 20;

/// Queue of log entries. A thread writes them, so that no other code waits for the reader.
/// Entries that do not fit are lost and counted.
#[derive(Clone)]
pub(super) struct LogQueue(Arc<QueueState>);

struct QueueState {
    waiting: Mutex<QueuedEntries>,
    more: Condvar,
    finished: Condvar,
    /// Only counts, so the accesses are relaxed.
    lost: Arc<AtomicU64>,
}

#[derive(Default)]
struct QueuedEntries {
    entries: VecDeque<Vec<u8>>,
    bytes: usize,
    closed: bool,
    finished: bool,
}

impl LogQueue {
    /// `lost` counts entries that are not written.
    pub(super) fn new(lost: Arc<AtomicU64>) -> Self {
        Self(Arc::new(QueueState {
            waiting: Mutex::default(),
            more: Condvar::new(),
            finished: Condvar::new(),
            lost,
        }))
    }

    /// Starts the thread that writes the entries.
    pub(super) fn start(
        &self,
        mut write: impl FnMut(&[u8]) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let Self(shared) = self.clone();
        let work = move || {
            while let Some(entry) = shared.next() {
                if write(&entry).is_err() {
                    shared.lose();
                }
            }
        };
        thread::Builder::new().name("log".into()).spawn(work)?;
        Ok(())
    }

    /// Closes the queue, and waits until the queued entries are written.
    pub(super) fn finish(&self, within: Duration) {
        let Self(shared) = self;
        let mut waiting = shared.waiting.lock();
        waiting.closed = true;
        shared.more.notify_one();
        let written = |waiting: &mut QueuedEntries| !waiting.finished;
        shared
            .finished
            .wait_while_for(&mut waiting, written, within);
    }

    fn push(&self, entry: &[u8]) {
        let Self(shared) = self;
        let mut waiting = shared.waiting.lock();
        let fits = waiting.entries.len() < ENTRIES && waiting.bytes + entry.len() <= BYTES;
        if waiting.closed || !fits {
            shared.lose();
            return;
        }
        waiting.bytes += entry.len();
        waiting.entries.push_back(entry.to_owned());
        shared.more.notify_one();
    }
}

impl QueueState {
    /// Waits for the next entry. Returns `None` once the queue is closed and empty.
    fn next(&self) -> Option<Vec<u8>> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(entry) = waiting.entries.pop_front() {
                waiting.bytes -= entry.len();
                return Some(entry);
            }
            if waiting.closed {
                waiting.finished = true;
                self.finished.notify_all();
                return None;
            }
            self.more.wait(&mut waiting);
        }
    }

    fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// Receives one entry with each write, because the subscriber writes whole entries.
impl Write for LogQueue {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        self.push(entry);
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogQueue {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const SOON: Duration = Duration::from_secs(60);

    #[test]
    fn entries_are_written_in_order_before_the_end() -> io::Result<()> {
        let lost = Arc::default();
        let queue = LogQueue::new(Arc::clone(&lost));
        let written = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&written);
        queue.start(move |entry| {
            list.lock().push(entry.to_owned());
            match entry {
                [3] => Err(io::ErrorKind::StorageFull.into()),
                _ => Ok(()),
            }
        })?;
        for number in 0..9 {
            queue.push(&[number]);
        }
        queue.finish(SOON);
        queue.push(&[9]);
        let expected: Vec<_> = (0..9).map(|number| vec![number]).collect();
        assert_eq!(*written.lock(), expected);
        // The failed entry, and the entry after the end.
        assert_eq!(lost.load(Ordering::Relaxed), 2);
        Ok(())
    }

    #[test]
    fn entries_without_a_reader_stay_within_the_limits() -> io::Result<()> {
        for size in [1, 1 << 20] {
            let lost = Arc::default();
            let queue = LogQueue::new(Arc::clone(&lost));
            let (taken, first) = channel();
            let (release, released) = channel::<()>();
            queue.start(move |_| {
                let _ = taken.send(());
                let _ = released.recv();
                Ok(())
            })?;
            let entry = vec![b'x'; size];
            queue.push(&entry);
            assert!(first.recv_timeout(SOON).is_ok());
            let fit = ENTRIES.min(BYTES / size);
            for _ in 0..fit + 5 {
                queue.push(&entry);
            }
            assert_eq!(lost.load(Ordering::Relaxed), 5);
            drop(release);
            queue.finish(SOON);
        }
        Ok(())
    }
}
