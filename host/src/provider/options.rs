//! Options of a component backend.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::MetricsHandle;

use super::RestartPolicy;
use crate::limits::Limits;
use crate::wasi::Output;

/// Settings with which a component runs as a backend.
///
/// ```
/// use std::time::Duration;
/// use solti_metrics_host::provider::BackendOptions;
///
/// let options = BackendOptions::new()
///     .queue_capacity(1 << 20)
///     .deadline(Duration::from_millis(250));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct BackendOptions {
    /// Name in messages and metrics. Default: the provider's name.
    pub name: Option<Arc<str>>,
    /// Capacity of the queue, in records. Records are dropped, as `queue_full`, if the queue is
    /// full. The queue is allocated at once, with 24 bytes for each record. Default: 65,536.
    pub queue_capacity: usize,
    /// Maximum number of records that are handed over at a time. Default: 1,024.
    pub batch: usize,
    /// Whether records are handed over in one call, if the provider exports `batch`. Without it,
    /// each record is a call of `backend`, as in a composition. Default: true.
    pub batches: bool,
    /// Time for which fewer records than a batch wait for more. Default: 1 ms.
    pub linger: Duration,
    /// Maximum time of a call. Default: 5 s.
    pub deadline: Duration,
    /// Interval between flushes, if the provider can be flushed and has taken records since.
    /// Default: 10 s.
    pub flush_interval: Duration,
    /// Maximum time for which a provider that is [replaced](super::ComponentBackend::replace) takes
    /// records that were queued before. Records that are left go to the new provider. Default: 5 s.
    pub drain_timeout: Duration,
    /// Limits of one instance. Default: the limits of a task, with 64 MiB of memory. A call may
    /// make the host copy 16 MiB, since an exposition is one text.
    pub limits: Limits,
    /// Times at which the provider is started again after a failure.
    pub restart: RestartPolicy,
    /// Whether [`start`](super::ComponentBackend::start) fails if the first instance fails. If
    /// false, the instance is started again like any later one. Default: true.
    pub must_start: bool,
    /// Destination of standard output. Default: discarded.
    pub stdout: Output,
    /// Destination of standard error. Default: discarded.
    pub stderr: Output,
    /// Backend that receives the records that a middleware forwards.
    pub next: Option<MetricsHandle>,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            name: None,
            queue_capacity: 1 << 16,
            batch: 1_024,
            batches: true,
            linger: Duration::from_millis(1),
            deadline: Duration::from_secs(5),
            flush_interval: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
            limits: Limits::new().memory(64 << 20).host_call_data(16 << 20),
            restart: RestartPolicy::default(),
            must_start: true,
            stdout: Output::Discard,
            stderr: Output::Discard,
            next: None,
        }
    }
}

impl BackendOptions {
    /// The default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name in messages and metrics.
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the capacity of the queue, in records.
    #[must_use]
    pub fn queue_capacity(mut self, records: usize) -> Self {
        self.queue_capacity = records;
        self
    }

    /// Sets the maximum number of records that are handed over at a time.
    #[must_use]
    pub fn batch(mut self, records: usize) -> Self {
        self.batch = records;
        self
    }

    /// Sets whether records are handed over in one call, if the provider exports `batch`.
    #[must_use]
    pub fn batches(mut self, allowed: bool) -> Self {
        self.batches = allowed;
        self
    }

    /// Sets the time for which fewer records than a batch wait for more.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    /// Sets the maximum time of a call.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Sets the interval between flushes.
    #[must_use]
    pub fn flush_interval(mut self, time: Duration) -> Self {
        self.flush_interval = time;
        self
    }

    /// Sets the maximum time for which a replaced provider takes queued records.
    #[must_use]
    pub fn drain_timeout(mut self, time: Duration) -> Self {
        self.drain_timeout = time;
        self
    }

    /// Sets the limits of one instance.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the times at which the provider is started again after a failure.
    #[must_use]
    pub fn restart(mut self, policy: RestartPolicy) -> Self {
        self.restart = policy;
        self
    }

    /// Sets whether a first instance that fails is an error.
    #[must_use]
    pub fn must_start(mut self, must: bool) -> Self {
        self.must_start = must;
        self
    }

    /// Sets the destination of standard output.
    #[must_use]
    pub fn stdout(mut self, to: Output) -> Self {
        self.stdout = to;
        self
    }

    /// Sets the destination of standard error.
    #[must_use]
    pub fn stderr(mut self, to: Output) -> Self {
        self.stderr = to;
        self
    }

    /// Sets the backend that receives the records that a middleware forwards.
    #[must_use]
    pub fn next(mut self, backend: MetricsHandle) -> Self {
        self.next = Some(backend);
        self
    }
}

impl fmt::Debug for BackendOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendOptions")
            .field("name", &self.name)
            .field("queue_capacity", &self.queue_capacity)
            .field("batch", &self.batch)
            .field("batches", &self.batches)
            .field("linger", &self.linger)
            .field("deadline", &self.deadline)
            .field("flush_interval", &self.flush_interval)
            .field("drain_timeout", &self.drain_timeout)
            .field("limits", &self.limits)
            .field("restart", &self.restart)
            .field("must_start", &self.must_start)
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .field("next", &self.next.is_some())
            .finish()
    }
}
