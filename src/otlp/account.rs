use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::NotFlushed;
use super::answer::Accepted;
use crate::ExportStatus;
use crate::totals::Shards;

/// A hundred years: nobody waits for longer, and no clock overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// What a backend and its worker have in common.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) shards: Shards,
    pub(super) orders: watch::Sender<Orders>,
    state: Mutex<State>,
    answered: Condvar,
}

/// What the worker is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Orders {
    /// How many flushes there were: a number, so that asking often costs no memory.
    pub(super) flushes: u64,
    /// When to have ended.
    pub(super) end: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    attempts: u64,
    failures: u64,
    last_error: Option<String>,
    last_warning: Option<String>,
    /// Records in the last push that was accepted.
    delivered: u64,
    /// Flushes that a push has answered.
    flushes: u64,
    /// What it answered.
    refused: Option<String>,
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
        state.attempts += 1;
        state.flushes = flushes;
        state.refused = None;
        match outcome {
            Err(why) => {
                state.failures += 1;
                state.last_error = Some(why.clone());
                state.refused = Some(why);
            }
            Ok(warning) => {
                state.delivered = records;
                if warning.is_some() {
                    state.last_warning = warning;
                }
            }
        }
        drop(state);
        self.answered.notify_all();
    }

    /// Nothing is pushed any more.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.answered.notify_all();
    }

    pub(super) fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        let mut mine = 0;
        self.orders.send_modify(|orders| {
            orders.flushes += 1;
            mine = orders.flushes;
        });
        let waiting = |state: &mut State| state.flushes < mine && !state.ended;
        let state = self.wait(within, waiting);
        match &state.refused {
            _ if state.flushes < mine && state.ended => Err(NotFlushed::ShutDown),
            _ if state.flushes < mine => Err(NotFlushed::TooSlow(within)),
            Some(why) => Err(NotFlushed::Refused(why.clone())),
            None => Ok(()),
        }
    }

    /// One more push, and no other after it.
    pub(super) fn shut_down(&self, within: Duration) {
        self.order_end(within);
        drop(self.wait(within, |state| !state.ended));
        self.end();
    }

    /// Whoever was first has said when.
    pub(super) fn order_end(&self, within: Duration) {
        let end = Instant::now() + within.min(LONGEST);
        self.orders
            .send_modify(|orders| orders.end = orders.end.or(Some(end)));
    }

    /// Nobody waits for the last push, which is made only if it has something new.
    pub(super) fn leave(&self, within: Duration) {
        let nothing = self.status().in_flight == 0;
        self.order_end(if nothing { Duration::ZERO } else { within });
    }

    pub(super) fn status(&self) -> ExportStatus {
        let state = self.state();
        // Read after what was delivered, and so never less.
        let accepted = self.shards.total().records();
        let rest = accepted.saturating_sub(state.delivered);
        let (dropped, in_flight) = if state.ended { (rest, 0) } else { (0, rest) };
        ExportStatus {
            attempts: state.attempts,
            failures: state.failures,
            last_error: state.last_error.clone(),
            last_warning: state.last_warning.clone(),
            accepted,
            delivered: state.delivered,
            dropped,
            in_flight,
        }
    }

    fn wait(
        &self,
        within: Duration,
        waiting: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'_, State> {
        self.answered
            .wait_timeout_while(self.state(), within, waiting)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
