use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{
    LedgerTotals, LedgerWriter, MetricsBackend, MetricsHandle, RunnerType, noop_metrics,
};

use super::{MetricsCtx, bit};

/// Builds a [`MetricsCtx`]. A method that is called again replaces what it was told
/// before, except [`ledger_totals`](Self::ledger totals), which adds one; [`backend`](Self::backend) and
/// [`handle`](Self::handle) set the same.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct MetricsCtxBuilder {
    backend: MetricsHandle,
    identity: Arc<str>,
    allowed: u8,
    quota: u64,
    ceiling_ms: u64,
    ledger_totals: Vec<LedgerTotals>,
}

impl Default for MetricsCtxBuilder {
    fn default() -> Self {
        Self {
            backend: noop_metrics(),
            identity: Arc::from("guest"),
            allowed: u8::MAX,
            quota: u64::MAX,
            ceiling_ms: milliseconds(MetricsCtx::DEFAULT_DURATION_CEILING),
            ledger_totals: Vec::new(),
        }
    }
}

impl MetricsCtxBuilder {
    /// Where the records go.
    pub fn backend(mut self, backend: impl MetricsBackend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Where the records go, as a handle that others share.
    pub fn handle(mut self, backend: MetricsHandle) -> Self {
        self.backend = backend;
        self
    }

    /// Who makes the records.
    pub fn identity(mut self, identity: impl Into<Arc<str>>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The only types of runner that the guest may speak for. Records of others
    /// are dropped, and counted as [`DropReason::RunnerNotAllowed`](crate::DropReason::RunnerNotAllowed).
    pub fn allowed_runners(mut self, runners: impl IntoIterator<Item = RunnerType>) -> Self {
        self.allowed = runners.into_iter().fold(0, |set, runner| set | bit(runner));
        self
    }

    /// How many records are handed to the backend. Those after them are dropped,
    /// and counted as [`DropReason::Quota`](crate::DropReason::Quota); the guest itself goes on undisturbed.
    pub fn quota(mut self, records: u64) -> Self {
        self.quota = records;
        self
    }

    /// The longest duration that goes on to the backend. A longer one is
    /// lowered to it, and counted as clamped.
    pub fn duration_ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling_ms = milliseconds(ceiling);
        self
    }

    /// A ledger totals in which this context's ledger is summed up with others, beside those
    /// that it is in already. A ledger totals that is given twice has it once.
    pub fn ledger_totals(mut self, totals: &LedgerTotals) -> Self {
        self.ledger_totals.push(totals.clone());
        self
    }

    /// The context, with an empty ledger.
    #[must_use]
    pub fn build(self) -> MetricsCtx {
        MetricsCtx {
            backend: self.backend,
            identity: self.identity,
            allowed: self.allowed,
            quota: self.quota,
            ceiling_ms: self.ceiling_ms,
            ledger: LedgerWriter::new(self.ledger_totals),
        }
    }
}

impl fmt::Debug for MetricsCtxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsCtxBuilder")
            .field("identity", &self.identity)
            .field("quota", &self.quota)
            .field("ceiling_ms", &self.ceiling_ms)
            .finish_non_exhaustive()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
