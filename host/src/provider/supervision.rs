use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::Event;

use super::queue::Queue;
use super::{BackendState, BackendStatus, Siblings};
use crate::ledger::SharedLedgerWriter;
use crate::{DropReason, LedgerBook};

/// What a backend's handle and its worker have in common.
pub(super) struct Supervision {
    pub(super) name: Arc<str>,
    pub(super) queue: Queue,
    pub(super) ledger: SharedLedgerWriter,
    /// What a middleware forwards, over all of its instances.
    pub(super) forwarded: LedgerBook,
    intake: AtomicU8,
    condition: Mutex<Condition>,
}

/// What is told of a backend, and changes once for a batch at most.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) state: BackendState,
    pub(super) siblings: Siblings,
    pub(super) is_middleware: bool,
    pub(super) failures: u64,
    pub(super) restarts: u64,
    pub(super) swaps: u64,
    pub(super) last_failure: Option<String>,
    pub(super) last_words: Option<String>,
    pub(super) flush_error: Option<String>,
    pub(super) output_swallowed: u64,
    /// Bytes of memory of the instance.
    pub(super) memory: usize,
    /// Over all instances.
    pub(super) busy: Duration,
}

/// Whether records are queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Intake {
    Open,
    CircuitOpen,
    ShutDown,
}

impl Supervision {
    pub(super) fn new(name: Arc<str>, queue: Queue, condition: Condition) -> Self {
        Self {
            name,
            queue,
            ledger: SharedLedgerWriter::default(),
            forwarded: LedgerBook::new(),
            intake: AtomicU8::new(Intake::Open as u8),
            condition: Mutex::new(condition),
        }
    }

    /// Takes a record, or drops it. Never waits.
    #[inline]
    pub(super) fn record(&self, event: Event) {
        let before = self.ledger.accept(1);
        let intake = self.intake.load(Ordering::SeqCst);
        if intake != Intake::Open as u8 {
            self.ledger.drop_for(refusal(intake), 1);
        } else if !self.queue.push(event, before + 1) {
            self.ledger.drop_for(DropReason::QueueFull, 1);
        }
    }

    /// Takes records, or drops them. Never waits.
    ///
    /// All are accepted at once, and so in flight until the last is queued: an
    /// intake that is closed meanwhile is closed to the next batch, and whoever
    /// closed it sees that records are still to come.
    pub(super) fn record_batch(&self, events: &[Event]) {
        let records = events.len() as u64;
        let before = self.ledger.accept(records);
        let intake = self.intake.load(Ordering::SeqCst);
        if intake != Intake::Open as u8 {
            self.ledger.drop_for(refusal(intake), records);
            return;
        }
        let refused = self.queue.push_all(events, before);
        if refused > 0 {
            self.ledger.drop_for(DropReason::QueueFull, refused);
        }
    }

    /// Once shut down, the intake stays so.
    pub(super) fn set_intake(&self, intake: Intake) {
        let _ = self
            .intake
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                (now != Intake::ShutDown as u8).then_some(intake as u8)
            });
    }

    /// Drops all that is queued.
    pub(super) fn drop_queued(&self, reason: DropReason) {
        let mut dropped = 0;
        while self.queue.pop().is_some() {
            dropped += 1;
        }
        if dropped > 0 {
            self.ledger.drop_for(reason, dropped);
        }
    }

    /// The instance has so much memory now.
    pub(super) fn has_memory(&self, bytes: usize) {
        self.change(|condition| condition.memory = bytes);
    }

    /// An instance was at work on records for this long, and has so much memory
    /// now.
    pub(super) fn was_busy(&self, time: Duration, memory: usize) {
        self.change(|condition| {
            condition.busy = condition.busy.saturating_add(time);
            condition.memory = memory;
        });
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Condition)) {
        change(&mut self.condition.lock());
    }

    /// All of one moment, but for the records: those go on meanwhile, and what became of
    /// them balances by itself.
    pub(super) fn status(&self) -> BackendStatus {
        let condition = self.condition.lock();
        BackendStatus {
            name: Arc::clone(&self.name),
            state: condition.state,
            siblings: condition.siblings,
            failures: condition.failures,
            restarts: condition.restarts,
            swaps: condition.swaps,
            last_failure: condition.last_failure.clone(),
            last_words: condition.last_words.clone(),
            flush_error: condition.flush_error.clone(),
            queued: self.queue.len(),
            queue: self.queue.capacity(),
            output_swallowed: condition.output_swallowed,
            memory: condition.memory as u64,
            busy: condition.busy,
            ledger: self.ledger.reader().snapshot(),
            forwarded: condition.is_middleware.then(|| self.forwarded.total()),
        }
    }
}

#[cold]
fn refusal(intake: u8) -> DropReason {
    if intake == Intake::CircuitOpen as u8 {
        DropReason::CircuitOpen
    } else {
        DropReason::ShutDown
    }
}
