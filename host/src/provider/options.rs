use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::MetricsHandle;

use super::RestartPolicy;
use crate::limits::Limits;
use crate::wasi::Output;

/// How a component is run as a backend.
///
/// ```
/// use std::time::Duration;
/// use solti_metrics_host::provider::BackendOptions;
///
/// let options = BackendOptions::new()
///     .queue(1 << 20)
///     .deadline(Duration::from_millis(250));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct BackendOptions {
    /// Its name in messages and metrics; the provider's name if `None`.
    pub name: Option<Arc<str>>,
    /// How many records may wait. Those that find the queue full are dropped, as
    /// `queue_full`. It is made at once, with 24 bytes for each record. Default:
    /// 65,536.
    pub queue: usize,
    /// How many records are handed over at a time, at most. Default: 1,024.
    pub batch: usize,
    /// Whether they go over in one call, if the provider exports `batch`. Without, each
    /// record is a call of `backend`, as in a composition. Default: they do.
    pub batches: bool,
    /// How long fewer records than that may wait for others. Default: 1 ms.
    pub linger: Duration,
    /// How long a call may take. Default: 5 s.
    pub deadline: Duration,
    /// How often it is told to flush, if it can be and has taken records since.
    /// Default: 10 s.
    pub flush_every: Duration,
    /// How long a provider that is [replaced](super::ComponentBackend::replace) may go on
    /// with what was queued before. What is left then goes to the new one. Default: 5 s.
    pub drain_timeout: Duration,
    /// What one instance may use. Default: the limits of a task, with 64 MiB of memory,
    /// and 16 MiB that a call may make the host copy, since an exposition is one text.
    pub limits: Limits,
    /// When it is tried again after a failure.
    pub restart: RestartPolicy,
    /// Whether a first instance that fails is an error of
    /// [`start`](super::ComponentBackend::start). If not, it is tried again like
    /// any later one. Default: it is.
    pub must_start: bool,
    /// Where its standard output goes. Default: nowhere.
    pub stdout: Output,
    /// Where its standard error goes. Default: nowhere.
    pub stderr: Output,
    /// Who receives what a middleware forwards.
    pub next: Option<MetricsHandle>,
}

impl Default for BackendOptions {
    fn default() -> Self {
        Self {
            name: None,
            queue: 1 << 16,
            batch: 1_024,
            batches: true,
            linger: Duration::from_millis(1),
            deadline: Duration::from_secs(5),
            flush_every: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
            limits: Limits::new().memory(64 << 20).host_call_fuel(16 << 20),
            restart: RestartPolicy::default(),
            must_start: true,
            stdout: Output::Discard,
            stderr: Output::Discard,
            next: None,
        }
    }
}

impl BackendOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Name in messages and metrics.
    #[must_use]
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Number of records that may wait.
    #[must_use]
    pub fn queue(mut self, records: usize) -> Self {
        self.queue = records;
        self
    }

    /// Number of records that are handed over at a time, at most.
    #[must_use]
    pub fn batch(mut self, records: usize) -> Self {
        self.batch = records;
        self
    }

    /// Whether records go over in one call, if the provider exports `batch`.
    #[must_use]
    pub fn batches(mut self, allowed: bool) -> Self {
        self.batches = allowed;
        self
    }

    /// Time for which fewer records than a batch may wait for others.
    #[must_use]
    pub fn linger(mut self, time: Duration) -> Self {
        self.linger = time;
        self
    }

    /// Time that a call may take.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// Time between two flushes.
    #[must_use]
    pub fn flush_every(mut self, time: Duration) -> Self {
        self.flush_every = time;
        self
    }

    /// Time for which a provider that is replaced may go on with its queue.
    #[must_use]
    pub fn drain_timeout(mut self, time: Duration) -> Self {
        self.drain_timeout = time;
        self
    }

    /// What one instance may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// When it is tried again after a failure.
    #[must_use]
    pub fn restart(mut self, policy: RestartPolicy) -> Self {
        self.restart = policy;
        self
    }

    /// Whether a first instance that fails is an error.
    #[must_use]
    pub fn must_start(mut self, must: bool) -> Self {
        self.must_start = must;
        self
    }

    /// Where its standard output goes.
    #[must_use]
    pub fn stdout(mut self, to: Output) -> Self {
        self.stdout = to;
        self
    }

    /// Where its standard error goes.
    #[must_use]
    pub fn stderr(mut self, to: Output) -> Self {
        self.stderr = to;
        self
    }

    /// Who receives what a middleware forwards.
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
            .field("queue", &self.queue)
            .field("batch", &self.batch)
            .field("batches", &self.batches)
            .field("linger", &self.linger)
            .field("deadline", &self.deadline)
            .field("flush_every", &self.flush_every)
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
