use std::time::Duration;

use solti_metrics::{MetricsHandle, RunnerType};

use super::lifecycle::Reporter;
use super::machine::Machine;
use super::run::Inner;
use super::{Pool, RecordingMode, Runner};
use crate::artifact::Artifacts;
use crate::engine::{BuildError, EngineSettings};
use crate::{LedgerTotals, MetricsCtx, MetricsCtxBuilder};

/// Builds a [`Runner`]. A method that is called again replaces what it was told before.
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
    path: RecordingMode,
    asynchronous: bool,
    pool: Option<Pool>,
    artifacts: Artifacts,
}

impl Runner {
    /// Starts from `backend` and the defaults.
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
            path: RecordingMode::default(),
            asynchronous: true,
            pool: None,
            artifacts: Artifacts::new(),
        }
    }

    /// The only types of runner that guests may speak for, as
    /// [`MetricsCtxBuilder::allowed_runners`] has them. Default: all.
    pub fn allowed_runners(mut self, runners: impl IntoIterator<Item = RunnerType>) -> Self {
        self.metrics = self.metrics.allowed_runners(runners);
        self
    }

    /// The longest duration that goes on to the backend, as
    /// [`MetricsCtxBuilder::duration_ceiling`] has it. It holds for guests and for the
    /// runner's own records. Default: [`MetricsCtx::DEFAULT_DURATION_CEILING`].
    pub fn duration_ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling = ceiling;
        self
    }

    /// Where the runner's own records go. Default: where those of its guests go.
    pub fn own_backend(mut self, backend: MetricsHandle) -> Self {
        self.own = Some(MetricsCtx::builder().handle(backend));
        self
    }

    /// The ledger totals in which the ledgers of all guests, and the runner's own, are
    /// summed up. The runner has ledger totals of its own unless they are given.
    pub fn ledger_totals(mut self, guests: &LedgerTotals, own: &LedgerTotals) -> Self {
        self.guest_totals = guests.clone();
        self.own_totals = own.clone();
        self
    }

    /// Bytes of stack for a guest. Default: 512 KiB.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.settings.stack = bytes;
        self
    }

    /// Bytes that a component may have. Default: 64 MiB. Compiling one that is
    /// made to hurt takes a thousand times as much memory: see
    /// [`CompilerProcess`](crate::artifact::CompilerProcess).
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// The path that guests' records take, if they can. Default: inline.
    pub fn path(mut self, path: RecordingMode) -> Self {
        self.path = path;
        self
    }

    /// Whether guests may need component-model async. Default: they may. wasmtime calls
    /// its support for that, and for WASI 0.3, experimental, and does not promise to mend
    /// it between releases; so a host whose guests are hostile may want to refuse them.
    pub fn asynchronous(mut self, allowed: bool) -> Self {
        self.asynchronous = allowed;
        self
    }

    /// Whether what guests execute is counted: [`TaskReport::fuel`](super::TaskReport::fuel).
    /// Default: it is not. The same guest with the same input consumes the same, whatever
    /// else the machine does, but runs slower, since its code counts along; and code that
    /// was precompiled or kept without counting is not used. There is no limit: fuel ends
    /// no task.
    pub fn fuel(mut self, counted: bool) -> Self {
        self.settings.fuel = counted;
        self
    }

    /// Sets room for tasks aside. Without, each task takes what it needs from the
    /// system, and gives it back. Where the system does not grant so much address
    /// space, that is how it is done all the same; see
    /// [`Runner::pool`](Runner::pool).
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// How guests become machine code. Default: compiled in this process, and kept
    /// nowhere.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// The runner, with a thread that interrupts guests.
    ///
    /// # Errors
    ///
    /// When wasmtime cannot be configured so on this machine, or there is no
    /// thread left.
    pub fn build(self) -> Result<Runner, BuildError> {
        let machine = Machine::new(self.artifacts, self.settings, self.pool)?;
        // What bounds the guests does not bound the runner.
        let own = self
            .own
            .unwrap_or_else(|| self.metrics.clone())
            .identity("runner")
            .allowed_runners(RunnerType::ALL)
            .duration_ceiling(self.ceiling)
            .ledger_totals(&self.own_totals);
        let guests = self.metrics.duration_ceiling(self.ceiling);
        Ok(Runner::new(Inner {
            reporter: Reporter::new(own.build()),
            guests: guests.ledger_totals(&self.guest_totals),
            guest_totals: self.guest_totals,
            max_component: self.max_component,
            path: self.path,
            asynchronous: self.asynchronous,
            machine,
        }))
    }
}
