//! The runner: it loads programs and runs tasks.

use std::fmt;
use std::path;
use std::sync::Arc;

use wasmtime_wasi::WasiCtx;

use super::lifecycle::Reporter;
use super::machine::Machine;
use super::program::ProgramLoader;
use super::report::{TaskEnd, TaskReport};
use super::state::{TaskState, drain_along};
use super::usage::RunUsage;
use super::watch::Watch;
use super::{Pool, Program, ProgramRecording, RecordingMode, SpawnError, Task, fuel};
use crate::artifact::{ArtifactKey, CodeInput, Precompiled, read_whole};
use crate::component::LoadError;
use crate::contained::{BlockingError, blocking};
use crate::engine::EpochTicks;
use crate::limits::Limit;
use crate::wasi::{GuestOutput, Holdings};
use crate::{LedgerSnapshot, LedgerTotals, MetricsCtx, MetricsCtxBuilder};

/// Runs programs as tasks. Clones share the engine, the backend and the ledger totals.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<RunnerInner>,
}

pub(super) struct RunnerInner {
    pub(super) machine: Machine,
    pub(super) recording_mode: RecordingMode,
    /// Whether guests may need component-model async.
    pub(super) asynchronous: bool,
    pub(super) guests: MetricsCtxBuilder,
    pub(super) guest_totals: LedgerTotals,
    pub(super) reporter: Reporter,
    pub(super) max_component: u64,
}

impl Runner {
    pub(super) fn new(inner: RunnerInner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Loads a component from a file, which may be a precompiled one. Compilation blocks this
    /// thread, for up to ten seconds if the component contains an interpreter.
    ///
    /// # Errors
    ///
    /// When the file is not a component that can be run here; recorded as `module_load_failed`.
    pub fn load_file(&self, path: &path::Path) -> Result<Program, LoadError> {
        let name = path.display().to_string();
        let key = self.inner.machine.file_key();
        let given = CodeInput::file(path, self.inner.max_component, key);
        self.loaded(given.and_then(|given| self.loader().load(&name, given)))
    }

    /// Reads a component's file, without [loading](Self::load) it. This method records nothing.
    /// The code of a precompiled file is not read if this runner does not have its key.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or exceeds the maximum size.
    pub fn read(&self, path: &path::Path) -> Result<Vec<u8>, LoadError> {
        let key = self.inner.machine.file_key();
        read_whole(path, self.inner.max_component, key)
    }

    /// Loads a component from memory. `name` is its name in messages, and its first argument.
    ///
    /// # Errors
    ///
    /// As for [`load_file`](Self::load_file).
    pub fn load(&self, name: &str, bytes: &[u8]) -> Result<Program, LoadError> {
        let given = CodeInput::bytes(name, bytes, self.inner.max_component);
        self.loaded(given.and_then(|given| self.loader().load(name, given)))
    }

    /// Makes a precompiled file of a component. [`load_file`](Self::load_file) accepts it in place
    /// of the component, and does not compile it, with the same key, version, settings and machine.
    /// This method records nothing.
    ///
    /// # Errors
    ///
    /// When the bytes are not a component that can be run here.
    pub fn precompile(
        &self,
        name: &str,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<(Precompiled, ProgramRecording), LoadError> {
        let given = CodeInput::bytes(name, bytes, self.inner.max_component)?;
        self.loader().precompile(name, given, key)
    }

    fn loader(&self) -> ProgramLoader<'_> {
        ProgramLoader {
            machine: &self.inner.machine,
            recording_mode: self.inner.recording_mode,
            asynchronous: self.inner.asynchronous,
        }
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
    /// The report contains the guest's faults: only a task that cannot start is an error. Dropping
    /// the future ends the task, as canceled.
    ///
    /// Call this function within a tokio runtime that has its timer enabled.
    ///
    /// # Errors
    ///
    /// When the task cannot be started; recorded as [the error's kind](SpawnError::kind).
    pub async fn run(&self, program: &Program, task: Task) -> Result<TaskReport, SpawnError> {
        let result = self.execute(program, task).await;
        match &result {
            Ok(report) => {
                tracing::debug!(program = program.name(), end = %report.end, "task ended");
            }
            Err(SpawnError::Canceled) => {
                tracing::debug!(program = program.name(), "task canceled before it started");
            }
            Err(error) => {
                tracing::warn!(program = program.name(), %error, "task start failed");
                if let Some(kind) = error.kind() {
                    self.inner.reporter.error(kind);
                }
            }
        }
        result
    }

    async fn execute(&self, program: &Program, task: Task) -> Result<TaskReport, SpawnError> {
        let mut limits = task.limits.clone();
        let watch = Watch::new(task.deadline, task.cancel.clone());
        for output in [&task.stdout, &task.stderr] {
            output.start().map_err(SpawnError::of_start)?;
        }
        let stdout = GuestOutput::new(task.stdout.clone(), limits.output);
        let stderr = GuestOutput::new(task.stderr.clone(), limits.output);
        let metrics = self.context(program, &task);
        let ledger = metrics.ledger();
        let usage = RunUsage::new(task.usage.clone());

        let wasi = watch
            .over(grant(program, task, stdout.clone(), stderr.clone()))
            .await?
            .map_err(SpawnError::with_process_limit)?;
        let (engine, machine) = (program.entry.engine(), &self.inner.machine);
        if machine.linker(engine).is_none() {
            return Err(SpawnError::OtherRunner);
        }
        if let Some(pool) = machine.pool_of(engine) {
            pool.bound(&mut limits);
        }
        let mut store = TaskState::store(engine, wasi, metrics, &limits, &usage);
        let limiter = store.data_mut().state_mut().limiter_mut();
        let reserved = limiter.reserve_instances(program.instance_data());
        reserved.map_err(SpawnError::of_limit(Limit::Memory))?;
        if *program.recording() == ProgramRecording::Inline {
            drain_along(&mut store);
        }
        if machine.counts_fuel() {
            // Only an engine without fuel refuses.
            fuel::note_along(&mut store, &usage).map_err(|error| {
                SpawnError::of_instantiation(&error, store.data().state().end(&error))
            })?;
        }
        let _ticking = machine.ticker.run();
        let main = watch
            .over(usage.over(program.entry.instantiate(&mut store)))
            .await;
        if machine.counts_fuel() {
            fuel::note(&store, &usage);
        }
        let main = main?.map_err(|error| {
            SpawnError::of_instantiation(&error, store.data().state().end(&error))
        })?;

        // Records from before `main` precede the start of the task.
        store.data_mut().drain();
        let lifecycle = self.inner.reporter.start();
        // If this future is dropped, the store is now dropped before `lifecycle`.
        let mut store = store;
        let end = match watch.over(usage.over(main.call(&mut store))).await {
            Ok(Ok(code)) => TaskEnd::Exited { code },
            Ok(Err(error)) => store.data().state().end(&error),
            Err(stop) => stop.into(),
        };
        if machine.counts_fuel() {
            fuel::note(&store, &usage);
        }
        let peak_memory = store.data().state().limiter().peak_memory();
        // The store is not used again: after a trap it could not be. Resources that the guest left
        // open in it are closed before the task counts as ended, and the records left in the ring
        // are passed on.
        drop(store);
        let duration = lifecycle.end(end.outcome());

        let ((stdout, stdout_truncated), (stderr, stderr_truncated)) =
            tokio::join!(stdout.finish(), stderr.finish());
        Ok(TaskReport {
            end,
            duration,
            stdout,
            stderr,
            output_truncated: stdout_truncated + stderr_truncated,
            peak_memory,
            cpu_time: usage.sum().map(|_| usage.own().cpu_time()),
            host_calls: usage.sum().map(|_| usage.own().host_calls()),
            fuel: usage.own().fuel(),
            ledger: ledger.snapshot(),
        })
    }

    fn context(&self, program: &Program, task: &Task) -> MetricsCtx {
        let identity = task.identity.as_deref().unwrap_or(program.name());
        let mut guest = self.inner.guests.clone().identity(identity);
        if let Some(records) = task.quota {
            guest = guest.quota(records);
        }
        if let Some(totals) = &task.totals {
            guest = guest.ledger_totals(totals);
        }
        guest.build()
    }

    /// The pool of slots for tasks, if the runner has one.
    #[must_use]
    pub fn pool(&self) -> Option<&Pool> {
        self.inner.machine.pool()
    }

    /// Number of ticks at which guests were told to yield their threads, and of late ticks.
    #[must_use]
    pub fn epoch_ticks(&self) -> EpochTicks {
        self.inner.machine.ticker.ticks()
    }

    /// Ledger of the records of all guests so far.
    #[must_use]
    pub fn guest_ledger(&self) -> LedgerSnapshot {
        self.inner.guest_totals.total()
    }

    /// Ledger of the runner's own records.
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

/// Grants the task's resources. Opening files can block, so a separate thread does it.
async fn grant(
    program: &Program,
    task: Task,
    stdout: GuestOutput,
    stderr: GuestOutput,
) -> Result<(WasiCtx, Holdings), SpawnError> {
    if !task.opens_files() {
        return task.grant(program.name(), stdout, stderr);
    }
    let name = program.name().to_owned();
    match blocking(move || task.grant(&name, stdout, stderr)).await {
        Ok(granted) => granted,
        Err(BlockingError::ShutDown) => Err(SpawnError::Canceled),
        Err(BlockingError::NoThread(reason)) => Err(SpawnError::Thread { reason }),
    }
}
