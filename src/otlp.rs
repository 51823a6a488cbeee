//! The backend that pushes to an OpenTelemetry collector.

use std::sync::Arc;
use std::time::Duration;

use crate::exporter::{Exporter, ExporterStatus, NotFlushed};
use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

mod addresses;
mod answer;
mod builder;
mod collector_text;
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
mod push_account;
mod retry_after;
mod schedule;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod worker;

use push_account::PushAccount;

pub use builder::OtlpBuilder;
pub use endpoint::OtlpProtocol;
pub use error::OtlpError;

/// A backend that pushes to an OpenTelemetry collector: OTLP, over HTTP as protobuf or over
/// gRPC, with TLS for endpoints that start with `https://`.
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
/// # Pushed metrics
///
/// The backend pushes the four metrics of the contract, with the labels and buckets of
/// `PrometheusMetrics`. The names are also the same, unless
/// [`MetricNames`](crate::MetricNames) selects others. Counters are monotonic sums of
/// integers, and durations are histograms in seconds. Totals are cumulative since the backend
/// was built, and stored like those for Prometheus. A record is one or two atomic additions,
/// and the sum of the durations is exact to the millisecond. With the same records, both
/// backends have equal numbers to the last bit.
///
/// The resource has a `service.name`, a `service.instance.id`, and the attributes of
/// [`OtlpBuilder::attribute`]: the host names the source of the metrics. The backend reads no
/// environment variable unless [`OtlpBuilder::env`] allows it.
///
/// # Failures of the collector
///
/// Each push has all totals, so that a failed push loses no record. Memory does not grow:
/// each series has a fixed slot, and there is one push at a time. After a failure the next
/// push comes after a second, then two, four and so on, up to the interval or a minute. A
/// random part of up to a half is subtracted from each wait. After a failure that the
/// collector marks as permanent, the next push comes after the interval. A collector can
/// lengthen these waits, to at most five minutes, and never shorten them: by `Retry-After`
/// over HTTP, by `RetryInfo` or `grpc-retry-pushback-ms` over gRPC.
///
/// A push has a deadline. An unfinished push is dropped at its deadline, together with its
/// connection. Each connection looks the name up and tries every address. After a failed
/// push, the next push starts with another address. The log (of `tracing`) has an entry when
/// pushes start to fail, and when they succeed again.
///
/// # Delivery
///
/// [`status`](Self::status) counts a record as delivered when the collector has accepted the
/// whole push that contains the record. Such an answer has a status of success. Its body
/// is empty, or an OTLP response, in protobuf or JSON, that rejects no point. Every other
/// answer is a failure: a page in HTML, an answer that cannot be decoded, is truncated,
/// larger than 64 KiB or compressed, or has no media type. Until then a record is in flight,
/// even if it arrived with a push whose answer was lost. Only [`shutdown`](Self::shutdown)
/// and dropping the backend drop records.
///
/// # Stopping
///
/// [`flush`](Self::flush), [`shutdown`](Self::shutdown) and dropping follow the [rule of all
/// exporters](crate::exporter#stopping). Dropping makes one more push if records came after
/// the last accepted push.
#[derive(Debug)]
pub struct OtlpMetrics {
    account: Arc<PushAccount>,
    target: String,
}

/// Maximum bytes that are read of an answer.
const ANSWER: usize = 64 << 10;

impl OtlpMetrics {
    /// A backend that pushes to this endpoint: a URL that starts with `http://` or
    /// `https://`. Over HTTP, an endpoint without a path gets the path `/v1/metrics`, and
    /// another path is used unchanged. For gRPC, the endpoint must not have a path.
    pub fn builder(endpoint: impl Into<String>) -> OtlpBuilder {
        OtlpBuilder::new(endpoint.into())
    }

    /// The endpoint without its query, which can contain a secret.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The status of pushes and the ledger of records.
    #[must_use]
    pub fn status(&self) -> ExporterStatus {
        self.account.status()
    }

    /// A function that reads the status on any thread, also after this backend is dropped.
    pub fn status_reader(
        &self,
    ) -> impl Fn() -> ExporterStatus + Clone + Send + Sync + 'static + use<> {
        let account = Arc::clone(&self.account);
        move || account.status()
    }

    /// Pushes now, and waits for the answer. The push has all records from before this call.
    ///
    /// This blocks the thread for at most `within`. Asynchronous code must call it where
    /// blocking is allowed.
    ///
    /// # Errors
    ///
    /// If the push fails, no answer comes in time, or the backend was shut down.
    pub fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.account.flush(within)
    }

    /// Makes the last push. Records that no collector has accepted after it are dropped, and
    /// so are later records.
    ///
    /// The call waits for this push, and for an earlier one in progress, for at most
    /// `within`. It blocks the thread like [`flush`](Self::flush). A second call does
    /// nothing.
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
