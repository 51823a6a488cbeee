//! The handle of a component backend.

use std::fmt;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::exporter::Queue;
use solti_metrics::{
    BatchError, DROP_WITHIN, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::circuit::Circuit;
use super::command::BackendCommand;
use super::instance::{InstanceEnd, InstanceStartFailed, ProviderInstance};
use super::supervision::{Condition, Supervision};
use super::worker::{BackendWorker, after};
use super::{BackendOptions, BackendState, BackendStatus, NotRunning, Provider, StartError};
use crate::Ledger;
use crate::contained::blocking;
use crate::text::printable;

/// Maximum number of threads for the blocking work of one backend.
const BLOCKING_THREADS: usize = 4;

/// Time that an idle thread stays: as long as the backend exists.
const THREADS_STAY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A component as a [`MetricsBackend`]. See the [module's page](super).
///
/// Put it into an `Arc` to share it: that is a [`MetricsHandle`](crate::MetricsHandle).
///
/// The backend is an [`Exporter`](solti_metrics::exporter::Exporter): stopping and dropping follow
/// the [rule for all exporters](solti_metrics::exporter#stopping). The last attempt hands over the
/// queued records, and tells the component to flush. [`ledger`](Self::ledger) outlives the backend
/// and counts the outcome.
pub struct ComponentBackend {
    shared: Arc<Supervision>,
    commands: UnboundedSender<BackendCommand>,
    stop: watch::Sender<Option<Instant>>,
    done: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether the backend forwards records, as all its replacements must.
    middleware: bool,
}

impl ComponentBackend {
    /// Starts a provider on a separate thread, and waits until its first instance exists.
    ///
    /// # Errors
    ///
    /// When the provider cannot be instantiated, unless [`must_start`](BackendOptions::must_start)
    /// is false; when the provider is a middleware without a [`next`](BackendOptions::next); when
    /// no thread can be started.
    pub fn start(provider: &Provider, options: BackendOptions) -> Result<Self, StartError> {
        let shown = || printable(provider.name());
        if provider.is_middleware() && options.next.is_none() {
            return Err(StartError::NoNext { name: shown() });
        }
        let name = options
            .name
            .clone()
            .unwrap_or_else(|| provider.name().into());
        let queue = Queue::new(options.queue_capacity, options.batch);
        let condition = Condition {
            state: BackendState::Running,
            optional_interfaces: provider.optional_interfaces(),
            is_middleware: provider.is_middleware(),
            batches: 0,
            failures: 0,
            restarts: 0,
            replacements: 0,
            last_failure: None,
            stderr_tail: None,
            flush_error: None,
            output_truncated: 0,
            memory: 0,
            busy: Duration::ZERO,
        };
        let shared = Arc::new(Supervision::new(name, queue, condition));
        let (commands, asked) = unbounded_channel();
        let (stop, stopped) = watch::channel(None);
        let (finished, done) = watch::channel(false);
        let worker = BackendWorker {
            shared: Arc::clone(&shared),
            provider: provider.clone(),
            circuit: Circuit::new(options.restart.clone()),
            options,
            commands: asked,
            stop: stopped,
            halt: CancellationToken::new(),
            taken: Vec::new(),
            flush_at: None,
        };
        let middleware = worker.provider.is_middleware();
        let (started, first) = channel();
        let thread = thread::Builder::new()
            .name("metrics-backend".into())
            .spawn(move || {
                work(worker, &started);
                finished.send_replace(true);
            })
            .map_err(|reason| StartError::Thread {
                name: shown(),
                reason,
            })?;
        match first.recv() {
            Ok(Ok(())) => Ok(Self {
                shared,
                commands,
                stop,
                done,
                thread: Mutex::new(Some(thread)),
                middleware,
            }),
            Ok(Err(error)) => Err(error),
            Err(mpsc::RecvError) => Err(StartError::Stopped { name: shown() }),
        }
    }

    /// Current state of the backend.
    #[must_use]
    pub fn status(&self) -> BackendStatus {
        self.shared.status()
    }

    pub(super) fn supervision(&self) -> &Arc<Supervision> {
        &self.shared
    }

    /// Ledger of the backend's records. The view is live: any thread may keep and read it, even
    /// after the backend is gone.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.queue.ledger()
    }

    /// Hands over everything recorded before this call, and tells the provider to flush, if it can.
    ///
    /// # Errors
    ///
    /// When the backend is not running, when it fails meanwhile, or when the provider reports an
    /// error.
    pub async fn flush(&self) -> Result<(), NotRunning> {
        self.ask(BackendCommand::Flush).await
    }

    /// Hands over everything recorded before this call, and returns the provider's own exposition:
    /// OpenMetrics text, as the provider wrote it.
    ///
    /// # Errors
    ///
    /// When the backend is not running, when it fails meanwhile, or when the provider has no
    /// exposition.
    pub async fn expose(&self) -> Result<String, NotRunning> {
        self.ask(BackendCommand::Expose).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, NotRunning>>) -> BackendCommand,
    ) -> Result<T, NotRunning> {
        let (reply, answer) = oneshot::channel();
        // Without a worker, the answer does not come either.
        let _ = self.commands.send(command(reply));
        answer.await.unwrap_or(Err(NotRunning::State {
            state: BackendState::Stopped,
        }))
    }

    /// Replaces the provider by another one, while records arrive.
    ///
    /// The new provider is started first. If that fails, the old one continues. Otherwise the old
    /// provider gets the records that were queued before, for at most
    /// [`drain_timeout`](BackendOptions::drain_timeout). Then it is told to flush, and is
    /// discarded. Records that are left, and new records, wait for the new provider. No record is
    /// lost, unless the queue overflows, and no record reaches both providers.
    ///
    /// The replacement waits for a call in progress of the old provider. If the future is dropped
    /// before the replacement starts, nothing is replaced; if it is dropped later, the replacement
    /// continues.
    ///
    /// # Errors
    ///
    /// When the new provider cannot be started, when the backend was stopped, or when only one of
    /// the two providers is a middleware: a provider that replaces a middleware would keep every
    /// record from the backends behind it.
    pub async fn replace(&self, new: &Provider) -> Result<(), StartError> {
        let name = printable(new.name());
        if new.is_middleware() != self.middleware {
            let middleware = self.middleware;
            return Err(StartError::OtherRole { name, middleware });
        }
        let (reply, answer) = oneshot::channel();
        let _ = self
            .commands
            .send(BackendCommand::Replace(Box::new(new.clone()), reply));
        answer.await.unwrap_or(Err(StartError::Stopped { name }))
    }

    /// Accepts no more records, hands over the queued ones, and tells the provider to flush.
    /// Records that are left after this time are dropped, as `shut_down`.
    ///
    /// Returns when every record is settled: nothing is in flight then. A second call can only
    /// shorten the time.
    pub async fn stop(&self, within: Duration) {
        self.ask_to_stop(within);
        // An error means that the worker is gone, so the stop is complete.
        let _ = self.done.clone().wait_for(|done| *done).await;
    }

    /// The same as [`stop`](Self::stop), for callers outside of an async runtime. Blocks the
    /// thread.
    pub fn stop_blocking(&self, within: Duration) {
        self.ask_to_stop(within);
        if let Some(thread) = self.thread.lock().take() {
            // A worker does not panic; a worker that did is gone too.
            let _ = thread.join();
        }
    }

    fn ask_to_stop(&self, within: Duration) {
        self.shared.queue.close();
        let at = after(within);
        self.stop.send_if_modified(|stop| {
            let sooner = stop.is_none_or(|other| at < other);
            if sooner {
                *stop = Some(at);
            }
            sooner
        });
    }
}

/// Makes the runtime of a backend. If the grants allow blocking work (files and names), a thread
/// for it is started at once, since tokio panics if it finds no thread later.
fn start(provider: &Provider) -> io::Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_keep_alive(THREADS_STAY)
        .build()?;
    let grants = provider.grants();
    if !grants.dirs.is_empty() || !grants.http.is_empty() {
        runtime.block_on(blocking(|| ()))?;
    }
    Ok(runtime)
}

/// Main function of the backend's thread.
fn work(worker: BackendWorker, started: &Sender<Result<(), StartError>>) {
    let name = printable(worker.provider.name());
    let runtime = match start(&worker.provider) {
        Ok(runtime) => runtime,
        Err(reason) => {
            let _ = started.send(Err(StartError::Thread { name, reason }));
            return;
        }
    };
    runtime.block_on(async {
        let (options, shared) = (&worker.options, &worker.shared);
        let first =
            ProviderInstance::start(&worker.provider, options, &shared.forwarded, &worker.halt)
                .await;
        match first {
            Err(InstanceStartFailed {
                end: InstanceEnd::Failed(failure),
                stderr_tail,
            }) if options.must_start => {
                let _ = started.send(Err(StartError::failed(name, failure, stderr_tail)));
            }
            first => {
                if let Ok(instance) = &first {
                    shared.has_memory(instance.memory());
                }
                let _ = started.send(Ok(()));
                worker.work(first).await;
            }
        }
    });
    // Do not wait for a file or a name that the provider still waits for.
    runtime.shutdown_background();
}

impl MetricsBackend for ComponentBackend {
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        self.shared.queue.record(Event::TaskStarted { runner });
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.shared.queue.record(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.shared
            .queue
            .record(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.shared.queue.record_batch(events);
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

impl Drop for ComponentBackend {
    fn drop(&mut self) {
        self.ask_to_stop(DROP_WITHIN);
    }
}

impl fmt::Debug for ComponentBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ComponentBackend")
            .field(&self.status())
            .finish()
    }
}
