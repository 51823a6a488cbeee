//! The state that a backend shares with its worker.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::Accepted;
use crate::exporter::{Attempts, ExporterStatus, NotFlushed, Orders};
use crate::totals::Shards;
use crate::{DropReason, LedgerSnapshot};

/// PushState that a backend shares with its worker.
#[derive(Debug, Default)]
pub(super) struct PushAccount {
    pub(super) shards: Shards,
    pub(super) orders: Orders,
    state: Mutex<PushState>,
}

#[derive(Debug, Default)]
struct PushState {
    attempts: Attempts,
    /// Records in the last accepted push.
    delivered: u64,
    ended: bool,
}

impl PushAccount {
    /// Counts a finished push with `records` records, which started after `flushes` flushes
    /// were requested.
    pub(super) fn note(&self, flushes: u64, records: u64, outcome: Result<Accepted, String>) {
        let mut state = self.state();
        // Records that are counted as dropped stay dropped.
        if state.ended {
            return;
        }
        let flushed = match outcome {
            Err(why) => {
                state.attempts.failed(why.clone());
                Err(why)
            }
            Ok(warning) => {
                state.attempts.succeeded(warning);
                state.delivered = records;
                Ok(())
            }
        };
        drop(state);
        self.orders.answer(flushes, flushed);
    }

    /// Ends all pushing.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.orders.retire();
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.orders.flush(within)
    }

    /// Makes one last push.
    pub(super) fn shut_down(&self, within: Duration) {
        self.orders.shut_down(within);
        self.end();
    }

    /// Ends without waiting for the last push. The worker makes a last push only if there are
    /// new records.
    pub(super) fn leave(&self, within: Duration) {
        let nothing = self.status().ledger.in_flight() == 0;
        let within = if nothing { Duration::ZERO } else { within };
        self.orders.end_within(within);
    }

    pub(super) fn status(&self) -> ExporterStatus {
        let state = self.state();
        // Read after the delivered count, and therefore never below it.
        let accepted = self.shards.total().records();
        let rest = accepted.saturating_sub(state.delivered);
        let dropped = if state.ended { rest } else { 0 };
        let dropped = [(DropReason::ShutDown, dropped)];
        let ledger = LedgerSnapshot::counted(accepted, state.delivered, &dropped);
        state.attempts.describe(ExporterStatus::new(ledger))
    }

    fn state(&self) -> MutexGuard<'_, PushState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
