use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answer::Accepted;
use crate::exporter::{Attempts, ExporterStatus, NotFlushed, Orders};
use crate::totals::Shards;
use crate::{DropReason, LedgerSnapshot};

/// What a backend and its worker have in common.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) shards: Shards,
    pub(super) orders: Orders,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    attempts: Attempts,
    /// Records in the last push that was accepted.
    delivered: u64,
    ended: bool,
}

impl Account {
    /// A push has ended, that had so many records in it, and began after so many
    /// flushes were asked for.
    pub(super) fn note(&self, flushes: u64, records: u64, outcome: Result<Accepted, String>) {
        let mut state = self.state();
        // What has been called dropped stays dropped.
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

    /// Nothing is pushed any more.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.orders.retire();
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        self.orders.flush(within)
    }

    /// One more push, and no other after it.
    pub(super) fn shut_down(&self, within: Duration) {
        self.orders.shut_down(within);
        self.end();
    }

    /// Nobody waits for the last push, which is made only if it has something new.
    pub(super) fn leave(&self, within: Duration) {
        let nothing = self.status().ledger.in_flight() == 0;
        let within = if nothing { Duration::ZERO } else { within };
        self.orders.end_within(within);
    }

    pub(super) fn status(&self) -> ExporterStatus {
        let state = self.state();
        // Read after what was delivered, and so never less.
        let accepted = self.shards.total().records();
        let rest = accepted.saturating_sub(state.delivered);
        let dropped = if state.ended { rest } else { 0 };
        let dropped = [(DropReason::ShutDown, dropped)];
        let ledger = LedgerSnapshot::counted(accepted, state.delivered, &dropped);
        state.attempts.describe(ExporterStatus::new(ledger))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
