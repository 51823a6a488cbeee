use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{MetricsHandle, RunnerType};
use tokio::time::Instant;
use wasmtime::Store;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::engine::{Ticker, engine};
use super::lifecycle::Reporter;
use super::limiter::Limiter;
use super::output::GuestOutput;
use super::program::read;
use super::report::{GuestTrap, TaskEnd, TaskReport};
use super::{BuildError, CancellationToken, Limits, LoadError, Program, SpawnError, Task};
use crate::{LedgerBook, LedgerSnapshot, MetricsCtx, MetricsCtxBuilder, MetricsCtxView};

/// Runs programs as tasks. Clones share the engine, the backend and the books.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    linker: Linker<TaskState>,
    ticker: Ticker,
    guests: MetricsCtxBuilder,
    guest_book: LedgerBook,
    reporter: Reporter,
    max_component: u64,
}

/// Builds a [`Runner`].
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct RunnerBuilder {
    metrics: MetricsCtxBuilder,
    guest_book: LedgerBook,
    own_book: LedgerBook,
    stack: usize,
    max_component: u64,
}

impl RunnerBuilder {
    /// What guests may record: the builder of the context that each task gets.
    /// Its backend becomes the runner's own as well; the identity and the quota
    /// are each task's.
    pub fn metrics(mut self, metrics: MetricsCtxBuilder) -> Self {
        self.metrics = metrics;
        self
    }

    /// The books in which the ledgers of all guests, and the runner's own, are
    /// summed up. Books of the runner's unless given.
    pub fn books(mut self, guests: &LedgerBook, own: &LedgerBook) -> Self {
        self.guest_book = guests.clone();
        self.own_book = own.clone();
        self
    }

    /// Bytes of stack for a guest. Default: 512 KiB.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.stack = bytes;
        self
    }

    /// Bytes that a component may have. Default: 64 MiB. Compiling takes up to
    /// a thousand times as much memory for a component that is made to hurt.
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// The runner, with a thread that interrupts guests.
    ///
    /// # Errors
    ///
    /// When this machine cannot run wasmtime as configured, or has no thread
    /// left.
    pub fn build(self) -> Result<Runner, BuildError> {
        let engine = engine(self.stack)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        crate::add_to_linker(&mut linker, TaskState::metrics)?;
        // What bounds the guests does not bound the runner.
        let own = self
            .metrics
            .clone()
            .identity("runner")
            .quota(u64::MAX)
            .allowed_runners(RunnerType::ALL)
            .book(&self.own_book);
        Ok(Runner {
            inner: Arc::new(Inner {
                ticker: Ticker::start(&engine).map_err(|source| BuildError::Thread { source })?,
                linker,
                reporter: Reporter::new(own.build()),
                guests: self.metrics.book(&self.guest_book),
                guest_book: self.guest_book,
                max_component: self.max_component,
            }),
        })
    }
}

impl Runner {
    /// Starts from `backend` and the default limits.
    pub fn builder(backend: MetricsHandle) -> RunnerBuilder {
        RunnerBuilder {
            metrics: MetricsCtx::builder().handle(backend),
            guest_book: LedgerBook::new(),
            own_book: LedgerBook::new(),
            stack: 512 << 10,
            max_component: 64 << 20,
        }
    }

    /// Loads a component from a file. It is compiled here, which blocks this
    /// thread: for up to ten seconds if the component brings an interpreter.
    ///
    /// # Errors
    ///
    /// When the file is no component that can be run here; recorded as
    /// `module_load_failed`.
    pub fn load_file(&self, path: &Path) -> Result<Program, LoadError> {
        let name = path.display().to_string();
        self.loaded(
            read(path, self.inner.max_component).and_then(|bytes| self.compile(&name, &bytes)),
        )
    }

    /// Loads a component from memory. `name` is its name in messages, and its
    /// first argument.
    ///
    /// # Errors
    ///
    /// As for [`load_file`](Self::load_file).
    pub fn load(&self, name: &str, bytes: &[u8]) -> Result<Program, LoadError> {
        self.loaded(self.compile(name, bytes))
    }

    fn compile(&self, name: &str, bytes: &[u8]) -> Result<Program, LoadError> {
        Program::load(name, bytes, self.inner.max_component, &self.inner.linker)
    }

    fn loaded(&self, result: Result<Program, LoadError>) -> Result<Program, LoadError> {
        if let Err(error) = &result {
            tracing::warn!(%error, "component not loaded");
            self.inner.reporter.error(error.kind());
        }
        result
    }

    /// Runs a program once, to its end.
    ///
    /// The guest's faults are in the report: only what keeps it from starting
    /// is an error. Dropping the future ends the task, as canceled.
    ///
    /// Call it within a tokio runtime that has its timer enabled.
    ///
    /// # Errors
    ///
    /// When the task cannot be started; recorded as
    /// [the error's kind](SpawnError::kind).
    pub async fn run(&self, program: &Program, task: Task) -> Result<TaskReport, SpawnError> {
        let result = self.execute(program, task).await;
        match &result {
            Ok(report) => {
                tracing::debug!(program = program.name(), end = %report.end, "task ended")
            }
            Err(error) => {
                tracing::warn!(program = program.name(), %error, "task not started");
                if let Some(kind) = error.kind() {
                    self.inner.reporter.error(kind);
                }
            }
        }
        result
    }

    async fn execute(&self, program: &Program, task: Task) -> Result<TaskReport, SpawnError> {
        let limits = task.limits.clone();
        let watch = Watch::new(limits.deadline, task.cancel.clone());
        let stdout = GuestOutput::new(task.stdout.clone(), limits.output);
        let stderr = GuestOutput::new(task.stderr.clone(), limits.output);
        let metrics = self.context(program, &task);
        let ledger = metrics.ledger();

        let granted = self.grant(program, task, stdout.clone(), stderr.clone());
        let wasi = watch.over(granted).await.map_err(not_begun)??;

        let mut store = self.store(
            TaskState {
                wasi,
                table: ResourceTable::new(),
                metrics,
                limiter: Limiter::new(&limits),
            },
            &limits,
        );

        let _ticking = self.inner.ticker.run();
        let command = watch
            .over(program.command.instantiate_async(&mut store))
            .await
            .map_err(not_begun)?
            .map_err(|error| cannot_instantiate(&error, &store))?;

        let lifecycle = self.inner.reporter.start();
        let end = watch.over(call_main(&command, &mut store)).await;
        let limiter = &store.data().limiter;
        let peak_memory = limiter.peak_memory();
        let end = match end {
            Ok(Ok(code)) => TaskEnd::Exited { code },
            Ok(Err(error)) => TaskEnd::of_error(&error, limiter.denied()),
            Err(stop) => stop.into(),
        };
        // The store is not used again: after a trap it could not be, and what
        // the guest left open in it is closed before the task counts as ended.
        drop(store);
        let duration = lifecycle.end(end.outcome());

        let (stdout, stdout_swallowed) = stdout.finish();
        let (stderr, stderr_swallowed) = stderr.finish();
        Ok(TaskReport {
            end,
            duration,
            stdout,
            stderr,
            output_swallowed: stdout_swallowed + stderr_swallowed,
            peak_memory,
            ledger: ledger.snapshot(),
        })
    }

    fn context(&self, program: &Program, task: &Task) -> MetricsCtx {
        let identity = task.identity.as_deref().unwrap_or(program.name());
        let mut guest = self.inner.guests.clone().identity(identity);
        if let Some(records) = task.quota {
            guest = guest.quota(records);
        }
        guest.build()
    }

    /// Opening files can block, so it happens elsewhere if there are any.
    async fn grant(
        &self,
        program: &Program,
        task: Task,
        stdout: GuestOutput,
        stderr: GuestOutput,
    ) -> Result<WasiCtx, SpawnError> {
        if !task.opens_files() {
            return task.grant(program.name(), stdout, stderr);
        }
        let name = program.name().to_owned();
        tokio::task::spawn_blocking(move || task.grant(&name, stdout, stderr))
            .await
            // Only when the runtime is shutting down.
            .unwrap_or(Err(SpawnError::Canceled))
    }

    fn store(&self, mut state: TaskState, limits: &Limits) -> Store<TaskState> {
        state.table.set_max_capacity(limits.handles);
        let mut store = Store::new(self.inner.linker.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.host_call_fuel);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }

    /// What became of the records of all guests so far.
    #[must_use]
    pub fn guest_ledger(&self) -> LedgerSnapshot {
        self.inner.guest_book.total()
    }

    /// What became of the runner's own records.
    #[must_use]
    pub fn own_ledger(&self) -> LedgerSnapshot {
        self.inner.reporter.ledger().snapshot()
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("guest_ledger", &self.guest_ledger())
            .field("own_ledger", &self.own_ledger())
            .finish_non_exhaustive()
    }
}

/// The data of a task's store.
pub(super) struct TaskState {
    wasi: WasiCtx,
    table: ResourceTable,
    metrics: MetricsCtx,
    limiter: Limiter,
}

impl TaskState {
    fn metrics(&mut self) -> MetricsCtxView<'_> {
        MetricsCtxView {
            ctx: &mut self.metrics,
        }
    }
}

impl WasiView for TaskState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Calls `wasi:cli/run`, which says no more than whether `main` succeeded.
async fn call_main(command: &Command, store: &mut Store<TaskState>) -> wasmtime::Result<i32> {
    let main = command.wasi_cli_run().call_run(store).await?;
    Ok(i32::from(main.is_err()))
}

fn cannot_instantiate(error: &wasmtime::Error, store: &Store<TaskState>) -> SpawnError {
    let trap = GuestTrap::of_error(error);
    match store.data().limiter.denied() {
        Some(limit) => SpawnError::Limit {
            limit,
            reason: trap.message,
        },
        None => SpawnError::Instantiate { trap },
    }
}

/// What ends a task from outside.
struct Watch {
    deadline: Option<(Duration, Instant)>,
    cancel: CancellationToken,
}

enum Stop {
    Deadline(Duration),
    Canceled,
}

impl Watch {
    fn new(deadline: Option<Duration>, cancel: CancellationToken) -> Self {
        // A deadline beyond what the clock can hold is none.
        let deadline = deadline.and_then(|all| Some((all, Instant::now().checked_add(all)?)));
        Self { deadline, cancel }
    }

    /// Lets `work` go on until it ends, or is ended. The guest lets go of its
    /// thread at every tick; then the reasons to stop are looked at first.
    async fn over<T>(&self, work: impl Future<Output = T>) -> Result<T, Stop> {
        let time_up = async {
            match self.deadline {
                Some((all, at)) => {
                    tokio::time::sleep_until(at).await;
                    all
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Stop::Canceled),
            deadline = time_up => Err(Stop::Deadline(deadline)),
            output = work => Ok(output),
        }
    }
}

fn not_begun(stop: Stop) -> SpawnError {
    match stop {
        Stop::Deadline(deadline) => SpawnError::Deadline { deadline },
        Stop::Canceled => SpawnError::Canceled,
    }
}

impl From<Stop> for TaskEnd {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Deadline(deadline) => Self::DeadlineExceeded { deadline },
            Stop::Canceled => Self::Canceled,
        }
    }
}
