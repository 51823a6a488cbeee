use std::sync::Arc;
use std::time::Duration;

use crate::exporter::{Exporter, ExporterStatus, NotFlushed};
use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod account;
mod addresses;
mod answer;
mod builder;
mod connections;
mod connector;
mod endpoint;
mod environment;
mod error;
mod explain;
mod failure;
mod first_bytes;
mod grpc;
mod headers;
mod http;
mod retry_after;
mod schedule;
#[cfg(test)]
mod tests;
mod theirs;
mod tls;
mod transport;
mod worker;

use account::Account;

pub use builder::OtlpBuilder;
pub use endpoint::OtlpProtocol;
pub use error::OtlpError;

/// A backend that pushes to an OpenTelemetry collector: OTLP, over HTTP as protobuf
/// or over gRPC, with TLS where the endpoint begins with `https://`.
///
/// ```no_run
/// use std::time::Duration;
/// use solti_metrics::{MetricsBackend, OtlpMetrics, RunnerType};
///
/// let metrics = OtlpMetrics::builder("http://localhost:4318").build()?;
/// metrics.record_task_started(RunnerType::Wasm);
/// let status = metrics.shutdown(Duration::from_secs(5));
/// assert_eq!((status.ledger.delivered(), status.ledger.dropped_total()), (1, 0));
/// # Ok::<(), solti_metrics::OtlpError>(())
/// ```
///
/// # What is pushed
///
/// The four metrics of the contract, with the labels and buckets that
/// `PrometheusMetrics` has, and under the same names unless [`MetricNames`](crate::MetricNames) says
/// otherwise: counters as monotonic sums of integers, durations as histograms in
/// seconds. Totals are cumulative since the backend was built, and kept as for
/// Prometheus: a record is one or two atomic additions, and the sum of the durations
/// is exact to the millisecond. Both backends, given the same records, have the same
/// numbers to the last bit.
///
/// The resource has a `service.name` and a `service.instance.id`, and what
/// [`OtlpBuilder::attribute`] adds: who pushed is said by the host. Nothing is read
/// from the environment unless [`OtlpBuilder::env`] says so.
///
/// # When the receiver is away
///
/// Each push has all totals, so that one which fails forgets nothing, and memory does
/// not grow: there is a fixed place for each series, and one push at a time. After a
/// failure the next push comes after a second, then two, four and so on, up to the
/// interval or a minute, and at random up to half as much earlier. What the receiver
/// says would fail again is not tried before the interval has passed. A receiver
/// may lengthen these waits, to five minutes at most, and never shorten them: by
/// `Retry-After` over HTTP, by `RetryInfo` or `grpc-retry-pushback-ms` over gRPC.
///
/// A push has a deadline, and what it has not finished by then is dropped with its
/// connection. Names are looked up for each connection, every address is tried, and after
/// a failed push another address comes first. When pushes begin to fail, and when they
/// succeed again, the log (of `tracing`) has an entry.
///
/// # What has arrived
///
/// [`status`](Self::status) counts a record as delivered when it was in a push that
/// the receiver has accepted whole: with a good status, and an answer that is empty or
/// one of OTLP, in protobuf or JSON, that rejects no point. Anything else is a
/// failure: a page in HTML, an answer that cannot be decoded, is truncated, larger than
/// 64 KiB or compressed, or has no media type. A record is in flight until
/// then, although it may have arrived with a push whose answer was lost. Only
/// [`shutdown`](Self::shutdown), and dropping it, give anything up.
///
/// # Stopping
///
/// [`flush`](Self::flush), [`shutdown`](Self::shutdown) and dropping follow the
/// [rule of all exporters](crate::exporter#stopping). Dropping makes one more push if
/// anything was recorded since the last one that was accepted.
#[derive(Debug)]
pub struct OtlpMetrics {
    account: Arc<Account>,
    target: String,
}

/// What is read of an answer, in bytes.
const ANSWER: usize = 64 << 10;

impl OtlpMetrics {
    /// A backend that pushes to this endpoint: a URL that begins with `http://` or
    /// `https://`. Over HTTP, `/v1/metrics` is appended to one without a path, and
    /// any other is taken as it is; for gRPC there must be none.
    pub fn builder(endpoint: impl Into<String>) -> OtlpBuilder {
        OtlpBuilder::new(endpoint.into())
    }

    /// Where it pushes to, without the query, which may hold a secret.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// How pushing goes, and what has become of every record.
    #[must_use]
    pub fn status(&self) -> ExporterStatus {
        self.account.status()
    }

    /// Reads the status from anywhere, and after this backend is gone.
    pub fn status_reader(
        &self,
    ) -> impl Fn() -> ExporterStatus + Clone + Send + Sync + 'static + use<> {
        let account = Arc::clone(&self.account);
        move || account.status()
    }

    /// Pushes now, and waits for the answer. What was recorded before this call is in
    /// that push.
    ///
    /// This blocks the thread, for as long as said at most: asynchronous code calls it
    /// where blocking is allowed.
    ///
    /// # Errors
    ///
    /// When the push fails, there is no answer in time, or the backend was shut down.
    pub fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.account.flush(within)
    }

    /// Pushes once more, and never again. What no receiver has accepted after this
    /// is dropped, and so is what is recorded later.
    ///
    /// It waits for that push, and for one that is under way before, for as long as
    /// said at most; it blocks the thread like [`flush`](Self::flush). Once it has
    /// stopped, this does nothing.
    pub fn shutdown(&self, within: Duration) -> ExporterStatus {
        self.account.shut_down(within);
        self.account.status()
    }
}

impl Drop for OtlpMetrics {
    fn drop(&mut self) {
        self.account.leave(crate::DROP_WITHIN);
    }
}

impl MetricsBackend for OtlpMetrics {
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        self.account.shards.mine().started(runner);
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let shard = self.account.shards.mine();
        shard.completed(runner, outcome, duration_ms);
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.account.shards.mine().error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.account.shards.mine().record_batch(events);
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

impl Exporter for OtlpMetrics {
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
