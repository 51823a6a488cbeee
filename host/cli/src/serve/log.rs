//! The log of `serve`: entries on standard error, written without blocking the server.

mod queue;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use solti_metrics_server::{Log, LogFormat};

use self::queue::LogQueue;
use crate::entries::{EntryFormat, LogEntries};
use crate::fields::Quoted;
use crate::filter::filter;
use crate::whole::to_stderr;

/// Maximum time to write the queued entries at the end.
const LAST: Duration = Duration::from_secs(1);

/// Writes the log until it is dropped.
pub(super) struct Logging {
    queue: LogQueue,
    lost: Arc<AtomicU64>,
}

impl Logging {
    /// Starts the log. From then on, all messages of this process are log entries. A second
    /// call in one process changes nothing.
    pub(super) fn start(log: &Log) -> io::Result<Self> {
        let lost = Arc::default();
        let queue = LogQueue::new(Arc::clone(&lost));
        let form = match log.format {
            LogFormat::Text => EntryFormat::Text,
            LogFormat::Json => EntryFormat::Json,
        };
        let mut entries = LogEntries::new(to_stderr, form);
        queue.start(move |entry| entries.write(entry))?;
        let (filter, wrong) = filter(log.level.as_str());
        let writer = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(queue.clone())
            .with_ansi(false);
        // A test may have set a subscriber before.
        let _ = match log.format {
            LogFormat::Text => writer.fmt_fields(Quoted).try_init(),
            LogFormat::Json => writer.json().flatten_event(true).try_init(),
        };
        crate::messages::switch_to_log();
        if let Some(wrong) = wrong {
            // Logged as an error, because the level may hide all other entries.
            tracing::error!("{wrong}");
        }
        Ok(Self { queue, lost })
    }

    /// Number of lost entries: the reader was too slow, or the write failed.
    pub(super) fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.queue.finish(LAST);
    }
}
