//! Builder of a runner.

use std::time::Duration;

use solti_metrics::{MetricsHandle, RunnerType};

use super::lifecycle::Reporter;
use super::machine::Machine;
use super::run::RunnerInner;
use super::{Pool, RecordingMode, Runner};
use crate::artifact::Artifacts;
use crate::engine::{BuildError, EngineSettings};
use crate::{LedgerTotals, MetricsCtx, MetricsCtxBuilder};

/// Builds a [`Runner`]. A second call of a method replaces the value of the first.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct RunnerBuilder {
    metrics: MetricsCtxBuilder,
    own: Option<MetricsCtxBuilder>,
    ceiling: Duration,
    guest_totals: LedgerTotals,
    own_totals: LedgerTotals,
    settings: EngineSettings,
    max_component: u64,
    recording_mode: RecordingMode,
    asynchronous: bool,
    pool: Option<Pool>,
    artifacts: Artifacts,
}

impl Runner {
    /// A builder with this backend and the defaults.
    pub fn builder(backend: MetricsHandle) -> RunnerBuilder {
        RunnerBuilder::new(backend)
    }
}

impl RunnerBuilder {
    pub(super) fn new(backend: MetricsHandle) -> Self {
        Self {
            metrics: MetricsCtx::builder().handle(backend),
            own: None,
            ceiling: MetricsCtx::DEFAULT_DURATION_CEILING,
            guest_totals: LedgerTotals::new(),
            own_totals: LedgerTotals::new(),
            settings: EngineSettings::default(),
            max_component: 64 << 20,
            recording_mode: RecordingMode::default(),
            asynchronous: true,
            pool: None,
            artifacts: Artifacts::new(),
        }
    }

    /// Sets the types of runner for which guests may record, as
    /// [`MetricsCtxBuilder::allowed_runners`] does. Default: all.
    pub fn allowed_runners(mut self, runners: impl IntoIterator<Item = RunnerType>) -> Self {
        self.metrics = self.metrics.allowed_runners(runners);
        self
    }

    /// Sets the longest duration that is passed to the backend, as
    /// [`MetricsCtxBuilder::duration_ceiling`] does. The ceiling applies to the records of guests
    /// and of the runner. Default: [`MetricsCtx::DEFAULT_DURATION_CEILING`].
    pub fn duration_ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling = ceiling;
        self
    }

    /// Sets the backend of the runner's own records. Default: the backend of its guests.
    pub fn own_backend(mut self, backend: MetricsHandle) -> Self {
        self.own = Some(MetricsCtx::builder().handle(backend));
        self
    }

    /// Sets the ledger totals that add up the ledgers of all guests, and the runner's own ledger.
    /// Default: new totals.
    pub fn ledger_totals(mut self, guests: &LedgerTotals, own: &LedgerTotals) -> Self {
        self.guest_totals = guests.clone();
        self.own_totals = own.clone();
        self
    }

    /// Sets the stack of a guest, in bytes. Default: 512 KiB.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.settings.stack = bytes;
        self
    }

    /// Sets the maximum size of a component, in bytes. Default: 64 MiB. Compiling a malicious
    /// component takes a thousand times as much memory: see
    /// [`CompilerProcess`](crate::artifact::CompilerProcess).
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// Sets the recording mode of guests. A guest that cannot use `Inline` uses `Direct`. Default:
    /// `Inline`.
    pub fn recording_mode(mut self, mode: RecordingMode) -> Self {
        self.recording_mode = mode;
        self
    }

    /// Sets whether guests may need component-model async. Default: true. wasmtime calls its
    /// support for async, and for WASI 0.3, experimental, and does not promise to fix it between
    /// releases. A host whose guests are hostile can reject them.
    pub fn asynchronous(mut self, allowed: bool) -> Self {
        self.asynchronous = allowed;
        self
    }

    /// Sets whether the executed instructions of guests are counted:
    /// [`TaskReport::fuel`](super::TaskReport::fuel). Default: false. The same guest with the same
    /// input consumes the same fuel, regardless of the load of the machine. Guests with fuel run
    /// slower, since their code counts the fuel. Code that was precompiled or cached without fuel
    /// is not used. Fuel has no limit, and ends no task.
    pub fn fuel(mut self, counted: bool) -> Self {
        self.settings.fuel = counted;
        self
    }

    /// Reserves a pool of slots for tasks. Without a pool, each task takes its memory from the
    /// system, and returns it. The same happens if the system does not grant enough address space;
    /// see [`Runner::pool`](Runner::pool).
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets how guests become machine code. Default: compiled in this process, without a cache.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// Builds the runner, with a thread that interrupts guests.
    ///
    /// # Errors
    ///
    /// When this machine does not support the wasmtime configuration, or no thread can be started.
    pub fn build(self) -> Result<Runner, BuildError> {
        let machine = Machine::new(self.artifacts, self.settings, self.pool)?;
        // The limits of the guests do not apply to the runner.
        let own = self
            .own
            .unwrap_or_else(|| self.metrics.clone())
            .identity("runner")
            .allowed_runners(RunnerType::ALL)
            .duration_ceiling(self.ceiling)
            .ledger_totals(&self.own_totals);
        let guests = self.metrics.duration_ceiling(self.ceiling);
        Ok(Runner::new(RunnerInner {
            reporter: Reporter::new(own.build()),
            guests: guests.ledger_totals(&self.guest_totals),
            guest_totals: self.guest_totals,
            max_component: self.max_component,
            recording_mode: self.recording_mode,
            asynchronous: self.asynchronous,
            machine,
        }))
    }
}
