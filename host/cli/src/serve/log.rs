//! The log: entries on standard error, which nobody waits for.

use std::io;

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use super::config::{Log, LogFormat};

/// How many entries may wait for whoever reads them.
const WAITING: usize = 8_192;

/// Writes the log, until it is dropped: then what waits is written for a second.
pub(super) struct Logging {
    _writing: WorkerGuard,
    lost: ErrorCounter,
}

impl Logging {
    /// From here on, whatever this process has to say is an entry of the log. A second
    /// call in one process changes nothing.
    pub(super) fn start(log: &Log) -> Self {
        let (writer, writing) = NonBlockingBuilder::default()
            .buffered_lines_limit(WAITING)
            .lossy(true)
            .thread_name("log")
            .finish(io::stderr());
        let lost = writer.error_counter();
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
            lost,
        }
    }

    /// How many entries nobody read in time.
    pub(super) fn lost(&self) -> ErrorCounter {
        self.lost.clone()
    }
}
