//! Builder of a guest's context.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{
    LedgerTotals, LedgerWriter, MetricsBackend, MetricsHandle, RunnerType, noop_metrics,
};

use super::{MetricsCtx, bit};

/// Builds a [`MetricsCtx`]. A second call of a method replaces the value of the first, except
/// [`ledger_totals`](Self::ledger_totals), which adds totals; [`backend`](Self::backend) and
/// [`handle`](Self::handle) set the same value.
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
    /// Sets the backend that receives the records.
    pub fn backend(mut self, backend: impl MetricsBackend) -> Self {
        self.backend = Arc::new(backend);
        self
    }

    /// Sets the backend that receives the records, as a shared handle.
    pub fn handle(mut self, backend: MetricsHandle) -> Self {
        self.backend = backend;
        self
    }

    /// Sets the identity with which the records are made.
    pub fn identity(mut self, identity: impl Into<Arc<str>>) -> Self {
        self.identity = identity.into();
        self
    }

    /// Sets the only types of runner for which the guest may record. Records of other types are
    /// dropped, and counted as
    /// [`DropReason::RunnerNotAllowed`](crate::DropReason::RunnerNotAllowed).
    pub fn allowed_runners(mut self, runners: impl IntoIterator<Item = RunnerType>) -> Self {
        self.allowed = runners.into_iter().fold(0, |set, runner| set | bit(runner));
        self
    }

    /// Sets the maximum number of records that are passed to the backend. Later records are
    /// dropped, and counted as [`DropReason::Quota`](crate::DropReason::Quota); the guest itself
    /// continues.
    pub fn quota(mut self, records: u64) -> Self {
        self.quota = records;
        self
    }

    /// Sets the longest duration that is passed to the backend. A longer one is lowered to it, and
    /// counted as clamped.
    pub fn duration_ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling_ms = milliseconds(ceiling);
        self
    }

    /// Adds totals in which this context's ledger is added up with others. A second call adds
    /// further totals; totals that are given twice count each record once.
    pub fn ledger_totals(mut self, totals: &LedgerTotals) -> Self {
        self.ledger_totals.push(totals.clone());
        self
    }

    /// Builds the context, with an empty ledger.
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
