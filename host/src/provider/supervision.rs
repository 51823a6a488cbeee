//! State that a backend's handle and its worker share.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::exporter::{ExporterStatus, Queue};

use super::{BackendFailure, BackendState, BackendStatus, OptionalInterfaces};
use crate::LedgerTotals;

/// State that a backend's handle and its worker share.
pub(super) struct Supervision {
    pub(super) name: Arc<str>,
    pub(super) queue: Queue,
    /// Ledger totals of the records that a middleware forwards, over all instances.
    pub(super) forwarded: LedgerTotals,
    condition: Mutex<Condition>,
}

/// Parts of a backend's status that change at most once for each batch.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) state: BackendState,
    pub(super) optional_interfaces: OptionalInterfaces,
    pub(super) is_middleware: bool,
    /// Batches that were handed over to an instance, with any outcome.
    pub(super) batches: u64,
    pub(super) failures: u64,
    pub(super) restarts: u64,
    pub(super) replacements: u64,
    pub(super) last_failure: Option<BackendFailure>,
    pub(super) stderr_tail: Option<String>,
    pub(super) flush_error: Option<String>,
    pub(super) output_truncated: u64,
    /// Memory of the instance, in bytes.
    pub(super) memory: usize,
    /// Busy time of all instances.
    pub(super) busy: Duration,
}

impl Supervision {
    pub(super) fn new(name: Arc<str>, queue: Queue, condition: Condition) -> Self {
        Self {
            name,
            queue,
            forwarded: LedgerTotals::new(),
            condition: Mutex::new(condition),
        }
    }

    /// Sets the memory of the instance.
    pub(super) fn has_memory(&self, bytes: usize) {
        self.change(|condition| condition.memory = bytes);
    }

    /// Adds a batch and its busy time, and sets the memory of the instance.
    pub(super) fn was_busy(&self, time: Duration, memory: usize) {
        self.change(|condition| {
            condition.batches += 1;
            condition.busy = condition.busy.saturating_add(time);
            condition.memory = memory;
        });
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Condition)) {
        change(&mut self.condition.lock());
    }

    /// Status at one moment. Records are queued and settled meanwhile, and the ledger balances by
    /// itself.
    pub(super) fn status(&self) -> BackendStatus {
        let condition = self.condition.lock();
        BackendStatus {
            name: Arc::clone(&self.name),
            state: condition.state,
            optional_interfaces: condition.optional_interfaces,
            failures: condition.failures,
            restarts: condition.restarts,
            replacements: condition.replacements,
            last_failure: condition.last_failure.clone(),
            stderr_tail: condition.stderr_tail.clone(),
            flush_error: condition.flush_error.clone(),
            queue_length: self.queue.len(),
            queue_capacity: self.queue.capacity(),
            output_truncated: condition.output_truncated,
            memory_bytes: condition.memory as u64,
            busy: condition.busy,
            ledger: self.queue.ledger().snapshot(),
            forwarded: condition.is_middleware.then(|| self.forwarded.total()),
        }
    }
    /// Status that every exporter has. An attempt is a batch that was handed over, and a failure is
    /// an instance that failed, with or without a batch.
    pub(super) fn exporter_status(&self) -> ExporterStatus {
        let mut status = ExporterStatus::new(self.queue.ledger().snapshot());
        let condition = self.condition.lock();
        status.attempts = condition.batches;
        status.failures = condition.failures;
        status.last_error = condition.last_failure.as_ref().map(ToString::to_string);
        status.queued = self.queue.len();
        status.queue_capacity = Some(self.queue.capacity());
        status
    }
}
