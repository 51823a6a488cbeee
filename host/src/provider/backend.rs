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
use super::command::Command;
use super::instance::{Ended, Instance, StartFailed};
use super::supervision::{Condition, Supervision};
use super::worker::{Worker, after};
use super::{BackendOptions, BackendState, BackendStatus, NotRunning, Provider, StartError};
use crate::Ledger;
use crate::contained::blocking;
use crate::text::printable;

/// How many threads may do what blocks for one backend.
const BLOCKING_THREADS: usize = 4;

/// How long a thread that does it waits for more: as long as the backend is there.
const THREADS_STAY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A component as a [`MetricsBackend`]. See the [module's page](super).
///
/// Put it into an `Arc` to share it: that is a
/// [`MetricsHandle`](crate::MetricsHandle).
///
/// It is an [`Exporter`](solti_metrics::exporter::Exporter): stopping and dropping follow the
/// [rule of all of them](solti_metrics::exporter#stopping). The last attempt hands over
/// what was queued, and tells the component to flush. [`ledger`](Self::ledger) outlives
/// the backend and tells how that ended.
pub struct ComponentBackend {
    shared: Arc<Supervision>,
    commands: UnboundedSender<Command>,
    stop: watch::Sender<Option<Instant>>,
    done: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whether it forwards records, as all that replace it do.
    middleware: bool,
}

impl ComponentBackend {
    /// Starts a provider on a thread of its own, and waits until its first
    /// instance is there.
    ///
    /// # Errors
    ///
    /// When it cannot be instantiated, unless
    /// [`must_start`](BackendOptions::must_start) is false; when it is a
    /// middleware without a [`next`](BackendOptions::next); when there is no
    /// thread left.
    pub fn start(provider: &Provider, options: BackendOptions) -> Result<Self, StartError> {
        let shown = || printable(provider.name());
        if provider.is_middleware() && options.next.is_none() {
            return Err(StartError::NoNext { name: shown() });
        }
        let name = options
            .name
            .clone()
            .unwrap_or_else(|| provider.name().into());
        let queue = Queue::new(options.queue, options.batch);
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
        let worker = Worker {
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
        let (begun, first) = channel();
        let thread = thread::Builder::new()
            .name("metrics-backend".into())
            .spawn(move || {
                work(worker, &begun);
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

    /// How it is at this moment.
    #[must_use]
    pub fn status(&self) -> BackendStatus {
        self.shared.status()
    }

    pub(super) fn supervision(&self) -> &Arc<Supervision> {
        &self.shared
    }

    /// What became of its records. The view is live: keep it, read it from any
    /// thread, and after the backend is gone.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.shared.queue.ledger()
    }

    /// Hands over everything recorded before this call, and tells the provider
    /// to flush, if it can.
    ///
    /// # Errors
    ///
    /// When it is not running, fails meanwhile, or says that it could not.
    pub async fn flush(&self) -> Result<(), NotRunning> {
        self.ask(Command::Flush).await
    }

    /// Hands over everything recorded before this call, and returns the
    /// provider's own exposition: OpenMetrics text, as the provider wrote it.
    ///
    /// # Errors
    ///
    /// When it is not running, fails meanwhile, or has no exposition.
    pub async fn expose(&self) -> Result<String, NotRunning> {
        self.ask(Command::Expose).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, NotRunning>>) -> Command,
    ) -> Result<T, NotRunning> {
        let (reply, answer) = oneshot::channel();
        // Without a worker, the answer does not come either.
        let _ = self.commands.send(command(reply));
        answer.await.unwrap_or(Err(NotRunning::State {
            state: BackendState::Stopped,
        }))
    }

    /// Puts another provider into the place of this one, while records come.
    ///
    /// The new one is started first. If that fails, the old one goes on. If not,
    /// the old one gets what was recorded before, for
    /// [`drain_timeout`](BackendOptions::drain_timeout) at most, is told to flush, and
    /// goes; what is left, and what is recorded meanwhile, waits for the new one. No
    /// record is lost, unless the queue overflows, and none reaches both.
    ///
    /// It waits for a call that the old one is in. If the future is dropped before, nothing
    /// is replaced; if it is dropped later, that goes on.
    ///
    /// # Errors
    ///
    /// When the new one cannot be started, the backend was stopped, or the one is a
    /// middleware and the other is not: a provider in the place of a middleware would
    /// keep every record from those behind it.
    pub async fn replace(&self, new: &Provider) -> Result<(), StartError> {
        let name = printable(new.name());
        if new.is_middleware() != self.middleware {
            let middleware = self.middleware;
            return Err(StartError::OtherRole { name, middleware });
        }
        let (reply, answer) = oneshot::channel();
        let _ = self
            .commands
            .send(Command::Replace(Box::new(new.clone()), reply));
        answer.await.unwrap_or(Err(StartError::Stopped { name }))
    }

    /// Takes no more records, hands over those that wait, and tells the provider
    /// to flush. What is left after this time is dropped, as `shut_down`.
    ///
    /// Returns when everything is settled: nothing is in flight then. A second
    /// call can only shorten the time.
    pub async fn stop(&self, within: Duration) {
        self.ask_to_stop(within);
        // An error means that the worker is gone, and so it is done.
        let _ = self.done.clone().wait_for(|done| *done).await;
    }

    /// The same, for those who do not live in an async runtime. It blocks.
    pub fn stop_blocking(&self, within: Duration) {
        self.ask_to_stop(within);
        if let Some(thread) = self.thread.lock().take() {
            // A worker does not panic; if it did, it is gone too.
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

/// What a backend runs on. Where it may have something that blocks, files and names, a
/// thread for that is there from the start, since tokio panics if it then finds none.
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

/// What the backend's thread does.
fn work(worker: Worker, begun: &Sender<Result<(), StartError>>) {
    let name = printable(worker.provider.name());
    let runtime = match start(&worker.provider) {
        Ok(runtime) => runtime,
        Err(reason) => {
            let _ = begun.send(Err(StartError::Thread { name, reason }));
            return;
        }
    };
    runtime.block_on(async {
        let (options, shared) = (&worker.options, &worker.shared);
        let first =
            Instance::start(&worker.provider, options, &shared.forwarded, &worker.halt).await;
        match first {
            Err(StartFailed {
                end: Ended::Failed(failure),
                stderr_tail,
            }) if options.must_start => {
                let _ = begun.send(Err(StartError::failed(name, failure, stderr_tail)));
            }
            first => {
                if let Ok(instance) = &first {
                    shared.has_memory(instance.memory());
                }
                let _ = begun.send(Ok(()));
                worker.work(first).await;
            }
        }
    });
    // A file or a name that the provider still waits for is not waited for.
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
