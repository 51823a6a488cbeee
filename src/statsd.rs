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
/// What the prefix and the tags of the operator have in them that could end a
/// name, a tag or a line becomes `_`, so that no setting makes a metric.
///
/// # How it sends
///
/// Recording puts the record into a bounded queue, and neither waits nor fails.
/// One thread takes records out, and packs as many into a datagram as fit into
/// [`Self::DATAGRAM`] bytes. In a datagram, counters are added up (`:17|c`), and
/// each duration has a line of its own, in whole milliseconds as recorded. All
/// of a record is in one datagram, which is sent once.
///
/// The thread rests while there is nothing to send. The first record after a pause
/// wakes it, and then it waits for others to come ([`StatsdBuilder::gather`]).
///
/// # What is known of losses
///
/// [`Self::status`] accounts for every record. *Delivered* means that the socket
/// took the datagram, and that no refusal is known: UDP tells nobody that one was
/// lost on its way, or that the server's buffer was full.
///
/// A machine on which no server listens refuses datagrams, if it is there and no
/// firewall keeps it from it. On this machine that is heard at once, and such a datagram
/// is not lost: it waits. From another machine it may be heard too late for the
/// first datagram, which then counts as delivered; from then on each new attempt waits
/// for the refusal, for 250 ms. A datagram that is refused while others are on
/// their way is dropped as `backend_failed`, since it may have arrived.
///
/// # When the server is away
///
/// The server's name is looked up when there is something to send, and again after each
/// failure. Every address of the name is tried, 16 at most, beginning with the one
/// behind that which failed; the first that takes the datagram is used until it fails.
/// Without a failure the name is not looked up again.
///
/// If the name is not known, or no address takes the datagram, that is a failure in
/// [`Self::status`] and a warning in the log, and records wait in the queue. The
/// next attempt follows after [`Self::RETRY_AFTER`], then twice as long, up to
/// [`Self::LOOK_UP_EVERY`], or at once for [`Self::flush`] and [`Self::shutdown`].
///
/// # Stopping
///
/// [`Self::flush`], [`Self::shutdown`] and dropping follow the
/// [rule of all exporters](crate::exporter#stopping).
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
    /// The most that a datagram has, in bytes: what passes through Ethernet in one
    /// piece, by the server's own advice (`docs/metric_types.md`, multi-metric
    /// packets), and by DogStatsD's for UDP.
    pub const DATAGRAM: usize = 1432;

    /// The most records that a datagram accounts for, since counters that are added
    /// up take no more room: so many are lost with it.
    pub const DATAGRAM_RECORDS: u64 = 4096;

    /// How many records may wait to be sent, unless chosen otherwise: 2 MiB of
    /// memory.
    pub const DEFAULT_QUEUE: usize = 65_536;

    /// The most that may be chosen: 32 MiB of memory.
    pub const MAX_QUEUE: usize = 1 << 20;

    /// How long records gather unless chosen otherwise: 100 ms.
    pub const DEFAULT_GATHER: Duration = Duration::from_millis(100);

    /// The most bytes that a prefix has.
    pub const MAX_PREFIX: usize = 128;

    /// The most bytes that the tags have together which are given for all metrics.
    pub const MAX_TAGS: usize = 512;

    /// How long records wait after the first attempt at which no address took a
    /// datagram: 1 s. Each further one doubles it.
    pub const RETRY_AFTER: Duration = Duration::from_secs(1);

    /// The longest that records wait until the server is looked up again: 10 s.
    pub const LOOK_UP_EVERY: Duration = Duration::from_secs(10);

    /// One that will send to the server at this address, `HOST:PORT`.
    pub fn builder(address: impl Into<String>) -> StatsdBuilder {
        StatsdBuilder::new(address.into())
    }

    /// The address that it was built with.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What became of the records so far. It balances at every moment.
    #[must_use]
    pub fn status(&self) -> ExporterStatus {
        self.mailbox.status()
    }

    /// Reads the status from anywhere, and after this backend is gone.
    pub fn status_reader(
        &self,
    ) -> impl Fn() -> ExporterStatus + Clone + Send + Sync + 'static + use<> {
        let mailbox = Arc::clone(&self.mailbox);
        move || mailbox.status()
    }

    /// Sends what was recorded before this call, and waits until the socket has taken it.
    ///
    /// It blocks the thread, for as long as said at most.
    ///
    /// # Errors
    ///
    /// When no address takes a datagram, and records wait on; when a datagram is lost;
    /// when that takes too long; when the backend was shut down.
    pub fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.mailbox.flush(within)
    }

    /// Sends what is queued, and stops: no later than `within` from now.
    ///
    /// What is recorded from here on, and what could not be sent in time, is dropped
    /// as `shut_down`. Nothing is in flight afterwards but what other threads are
    /// recording at that very moment. Once it has stopped, this does nothing.
    ///
    /// It blocks the thread. A send or a look-up that hangs may outlast it on a
    /// thread of its own, which then ends without sending more.
    pub fn shutdown(&self, within: Duration) -> ExporterStatus {
        if self.mailbox.close(within) {
            let worker = self.worker.lock();
            if let Some(worker) = worker.unwrap_or_else(PoisonError::into_inner).take() {
                // It has nothing left to do. A panic was reported when it happened.
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
