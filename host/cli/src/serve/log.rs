//! The log: entries on standard error, which nobody waits for.

mod queue;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use solti_metrics_server::{Log, LogFormat};

use self::queue::Queue;
use crate::entries::{Entries, Form};
use crate::fields::Quoted;
use crate::filter::filter;
use crate::whole::to_stderr;

/// How long entries that wait may take to be written at the end.
const LAST: Duration = Duration::from_secs(1);

/// Writes the log, until it is dropped.
pub(super) struct Logging {
    queue: Queue,
    lost: Arc<AtomicU64>,
}

impl Logging {
    /// From here on, whatever this process has to say is an entry of the log. A second
    /// call in one process changes nothing.
    pub(super) fn start(log: &Log) -> io::Result<Self> {
        let lost = Arc::default();
        let queue = Queue::new(Arc::clone(&lost));
        let form = match log.format {
            LogFormat::Text => Form::Text,
            LogFormat::Json => Form::Json,
        };
        let mut entries = Entries::new(to_stderr, form);
        queue.start(move |entry| entries.write(entry))?;
        let (filter, wrong) = filter(log.level.as_str());
        let writer = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(queue.clone())
            .with_ansi(false);
        // There is one already where a test has set it.
        let _ = match log.format {
            LogFormat::Text => writer.fmt_fields(Quoted).try_init(),
            LogFormat::Json => writer.json().flatten_event(true).try_init(),
        };
        crate::voice::into_the_log();
        if let Some(wrong) = wrong {
            // As loud as it can be: the level may let nothing else through.
            tracing::error!("{wrong}");
        }
        Ok(Self { queue, lost })
    }

    /// How many entries nobody read in time, or could not be written.
    pub(super) fn lost(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.lost)
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.queue.finish(LAST);
    }
}
