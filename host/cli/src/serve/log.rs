//! The log: entries on standard error, which nobody waits for.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use super::config::{Log, LogFormat};

/// How many entries may wait for whoever reads them.
const WAITING: usize = 8_192;

/// Writes the log, until it is dropped: then what waits is written for a second.
pub(super) struct Logging {
    _writing: WorkerGuard,
    lost: Lost,
}

impl Logging {
    /// From here on, whatever this process has to say is an entry of the log. A second
    /// call in one process changes nothing.
    pub(super) fn start(log: &Log) -> Self {
        let unwritten = Arc::default();
        let (writer, writing) = NonBlockingBuilder::default()
            .buffered_lines_limit(WAITING)
            .lossy(true)
            .thread_name("log")
            .finish(Heard(Arc::clone(&unwritten)));
        let unread = writer.error_counter();
        let filter = EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new(log.level.as_str()));
        let entries = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(writer)
            .with_ansi(false);
        // There is one already where a test has set it.
        let _ = match log.format {
            LogFormat::Text => entries.try_init(),
            LogFormat::Json => entries.json().flatten_event(true).try_init(),
        };
        crate::voice::into_the_log();
        Self {
            _writing: writing,
            lost: Lost { unread, unwritten },
        }
    }

    pub(super) fn lost(&self) -> Lost {
        self.lost.clone()
    }
}

/// Entries that are in no log.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    unread: ErrorCounter,
    unwritten: Arc<AtomicU64>,
}

impl Lost {
    /// How many nobody read in time, or could not be written.
    pub(crate) fn count(&self) -> u64 {
        let unread = u64::try_from(self.unread.dropped_lines()).unwrap_or(u64::MAX);
        unread.saturating_add(self.unwritten.load(Ordering::Relaxed))
    }
}

/// Standard error, each write of which is an entry; those that fail are counted.
struct Heard(Arc<AtomicU64>);

impl Write for Heard {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        if io::stderr().write_all(entry).is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
