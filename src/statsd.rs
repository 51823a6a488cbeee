//! The backend that sends to a statsd server.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::exporter::{Exporter, ExporterStatus, NotFlushed};
use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod address;
mod builder;
mod clean;
mod datagram;
mod dialect;
mod error;
mod lines;
mod link;
mod mailbox;
mod series;
mod target;
mod worker;

use mailbox::Mailbox;

pub use builder::StatsdBuilder;
pub use dialect::StatsdDialect;
pub use error::StatsdError;

/// A backend that sends to a statsd or DogStatsD server, over UDP.
///
/// | record | plain | DogStatsD |
/// |---|---|---|
/// | a task started | `solti.tasks_started.wasm:1\|c` | `solti.tasks_started:1\|c\|#runner:wasm` |
/// | a task completed | `solti.tasks_completed.wasm.success:1\|c` and `solti.task_duration.wasm.success:1500\|ms` | `solti.tasks_completed:1\|c\|#runner:wasm,outcome:success` and `solti.task_duration:1500\|ms\|#runner:wasm,outcome:success` |
/// | a runner error | `solti.runner_errors.wasm.spawn_failed:1\|c` | `solti.runner_errors:1\|c\|#runner:wasm,error:spawn_failed` |
///
/// In the prefix and the tags of the operator, characters that could end a name, a tag or a
/// line become `_`. Therefore no setting can add a metric.
///
/// # Sending
///
/// Recording puts the record into a bounded queue, and neither waits nor fails. One thread
/// takes records out, and packs as many into a datagram as fit into [`Self::DATAGRAM`] bytes.
/// In a datagram, counters are added up (`:17|c`). Each duration has its own line, in whole
/// milliseconds as recorded. All lines of a record are in one datagram, which is sent once.
///
/// The thread rests while the queue is empty. The first record after a pause wakes it, and
/// then it waits for further records ([`StatsdBuilder::gather`]).
///
/// # Losses
///
/// [`Self::status`] accounts for every record. *Delivered* means that the socket took the
/// datagram, and that no refusal is known. UDP does not report that the network or the
/// server's full buffer lost a datagram.
///
/// A machine without a server at the port refuses datagrams, if the machine runs and no
/// firewall blocks its answer. On the local machine the refusal is immediate, and the
/// datagram is not lost: it waits. From another machine, the refusal can be too late for the
/// first datagram, which then counts as delivered. From then on each new attempt waits for
/// the refusal, for 250 ms. If other datagrams are in transit, a refused datagram is dropped
/// as `backend_failed`, because it may have arrived.
///
/// # Failures of the server
///
/// The thread looks up the server's name when there are records to send, and again after each
/// failure. It tries every address of the name, at most 16, starting after the address that
/// failed. It uses the first address that takes the datagram until that address fails.
/// Without a failure there is no further look-up.
///
/// If the name is unknown, or no address takes the datagram, [`Self::status`] counts a
/// failure, the log has a warning, and records wait in the queue. The next attempt follows
/// after [`Self::RETRY_AFTER`], then twice as long, up to [`Self::LOOK_UP_INTERVAL`].
/// [`Self::flush`] and [`Self::shutdown`] cause an attempt at once.
///
/// # Stopping
///
/// [`Self::flush`], [`Self::shutdown`] and dropping follow the [rule of all
/// exporters](crate::exporter#stopping).
///
/// ```
/// use std::net::UdpSocket;
/// use std::time::Duration;
/// use solti_metrics::{MetricsBackend, RunnerType, StatsdDialect, StatsdMetrics};
///
/// let server = UdpSocket::bind("127.0.0.1:0")?;
/// let metrics = StatsdMetrics::builder(server.local_addr()?.to_string())
///     .dialect(StatsdDialect::DogStatsd)
///     .tag("env", "staging")
///     .build()?;
/// metrics.record_task_started(RunnerType::Wasm);
/// let status = metrics.shutdown(Duration::from_secs(5));
/// assert_eq!((status.ledger.delivered(), status.ledger.in_flight()), (1, 0));
///
/// let mut datagram = [0; StatsdMetrics::DATAGRAM];
/// let length = server.recv(&mut datagram)?;
/// assert_eq!(&datagram[..length], b"solti.tasks_started:1|c|#env:staging,runner:wasm");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StatsdMetrics {
    mailbox: Arc<Mailbox>,
    address: Box<str>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl StatsdMetrics {
    /// Maximum bytes of a datagram: a size that passes through Ethernet unfragmented. The
    /// server's documentation recommends it (`docs/metric_types.md`, multi-metric packets),
    /// and so does DogStatsD's for UDP.
    pub const DATAGRAM: usize = 1432;

    /// Maximum number of records in a datagram, all of which are lost with it. Counters that
    /// are added up need no further bytes, so the size alone is not a limit.
    pub const DATAGRAM_RECORDS: u64 = 4096;

    /// Default maximum number of records that wait to be sent: 2 MiB of memory.
    pub const DEFAULT_QUEUE_CAPACITY: usize = 65_536;

    /// Largest configurable queue: 32 MiB of memory.
    pub const MAX_QUEUE_CAPACITY: usize = 1 << 20;

    /// Default time in which records gather: 100 ms.
    pub const DEFAULT_GATHER: Duration = Duration::from_millis(100);

    /// Maximum bytes of a prefix.
    pub const MAX_PREFIX: usize = 128;

    /// Maximum bytes of all tags for all metrics together.
    pub const MAX_TAGS: usize = 512;

    /// Wait of records after the first attempt at which no address took a datagram: 1 s. Each
    /// further attempt doubles it.
    pub const RETRY_AFTER: Duration = Duration::from_secs(1);

    /// Maximum wait until the next look-up of the server: 10 s.
    pub const LOOK_UP_INTERVAL: Duration = Duration::from_secs(10);

    /// Settings of a backend that sends to the server at this address, `HOST:PORT`.
    pub fn builder(address: impl Into<String>) -> StatsdBuilder {
        StatsdBuilder::new(address.into())
    }

    /// The address of the server, as given.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The status, whose ledger balances at every moment.
    #[must_use]
    pub fn status(&self) -> ExporterStatus {
        self.mailbox.status()
    }

    /// A function that reads the status on any thread, also after this backend is dropped.
    pub fn status_reader(
        &self,
    ) -> impl Fn() -> ExporterStatus + Clone + Send + Sync + 'static + use<> {
        let mailbox = Arc::clone(&self.mailbox);
        move || mailbox.status()
    }

    /// Sends the records from before this call, and waits until the socket has taken them.
    ///
    /// This blocks the thread for at most `within`.
    ///
    /// # Errors
    ///
    /// If no address takes a datagram, so that records continue to wait; if a datagram is
    /// lost; if the time is over; if the backend was shut down.
    pub fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.mailbox.flush(within)
    }

    /// Sends queued records, and stops, no later than `within` from now.
    ///
    /// Later records, and records that could not be sent in time, are dropped as `shut_down`.
    /// Afterwards, only records that other threads record at the same moment can be in
    /// flight. A second call does nothing.
    ///
    /// This blocks the thread. A send or a look-up that hangs can outlast this call on its
    /// own thread, which then ends without sending more.
    pub fn shutdown(&self, within: Duration) -> ExporterStatus {
        if self.mailbox.close(within) {
            let worker = self.worker.lock();
            if let Some(worker) = worker.unwrap_or_else(PoisonError::into_inner).take() {
                // The thread has no work left. The panic hook has already reported a panic.
                let _ = worker.join();
            }
        }
        self.status()
    }
}

impl Drop for StatsdMetrics {
    fn drop(&mut self) {
        self.mailbox.leave(crate::DROP_WITHIN);
    }
}

impl fmt::Debug for StatsdMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatsdMetrics")
            .field("address", &self.address)
            .field("status", &self.status())
            .finish()
    }
}

impl MetricsBackend for StatsdMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        self.mailbox.queue.record(Event::TaskStarted { runner });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.mailbox.queue.record(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.mailbox
            .queue
            .record(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.mailbox.queue.record_batch(events);
        Ok(())
    }

    fn prefers_batches(&self) -> bool {
        true
    }
}

impl Exporter for StatsdMetrics {
    fn status(&self) -> ExporterStatus {
        Self::status(self)
    }

    fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        Self::flush(self, within)
    }

    fn shutdown(&self, within: Duration) -> ExporterStatus {
        Self::shutdown(self, within)
    }
}

#[cfg(test)]
mod tests;
