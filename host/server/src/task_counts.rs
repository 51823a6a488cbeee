//! Counters of a task, which outlive the task.

use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::LedgerSnapshot;
use solti_metrics_host::runner::TaskUsage;

use crate::engine::{RunCounts, RunOutcome};
use crate::retired::RETIRED;

/// Counters of a task, which never decrease.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskCounts {
    pub(crate) name: Arc<str>,
    /// Number of runs by outcome, in the order of [`RunOutcome::ALL`].
    pub(crate) runs: [u64; RunOutcome::ALL.len()],
    pub(crate) rejected: u64,
    pub(crate) cpu_time: Duration,
    pub(crate) host_calls: u64,
    pub(crate) fuel: Option<u64>,
    pub(crate) ledger: LedgerSnapshot,
}

impl TaskCounts {
    pub(super) fn new(
        name: Arc<str>,
        runs: RunCounts,
        usage: &TaskUsage,
        ledger: LedgerSnapshot,
    ) -> Self {
        Self {
            name,
            runs: runs.runs,
            rejected: runs.rejected,
            cpu_time: usage.cpu_time(),
            host_calls: usage.host_calls(),
            fuel: usage.fuel(),
            ledger,
        }
    }

    /// Adds the counts of a task whose name is forgotten.
    pub(super) fn forget(&mut self, other: &Self) {
        self.name = RETIRED.into();
        for (sum, runs) in self.runs.iter_mut().zip(other.runs) {
            *sum += runs;
        }
        self.rejected += other.rejected;
        self.cpu_time = self.cpu_time.saturating_add(other.cpu_time);
        self.host_calls += other.host_calls;
        if let Some(fuel) = other.fuel {
            *self.fuel.get_or_insert_default() += fuel;
        }
        self.ledger += other.ledger;
    }
}
