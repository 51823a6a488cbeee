//! Orders of an exporter's owner to its worker: flush, and end.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;

use super::error::NotFlushed;

/// Upper bound of every wait: a hundred years, with which no clock overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Orders of an exporter's owner to its worker: to flush, and to end.
///
/// An owner waits on its own thread, for as long as it specifies. The worker is a task or a
/// thread that polls.
#[derive(Default)]
pub struct Orders {
    state: Mutex<OrdersState>,
    /// Notified when a flush is answered or the worker has ended.
    answered: Condvar,
    worker: AtomicWaker,
}

/// Orders for a worker at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// Number of requested flushes. A number uses the same memory for any count of requests.
    pub flushes: u64,
    /// Time by which the worker must have ended.
    pub end: Option<Instant>,
}

impl Asked {
    /// Whether the time to end has come.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.end.is_some_and(|end| end <= Instant::now())
    }
}

#[derive(Debug, Default)]
struct OrdersState {
    asked: Asked,
    /// Number of flushes that the worker has answered.
    answered: u64,
    /// Reason of the last flush that failed.
    refused: Option<String>,
    ended: bool,
}

impl Orders {
    /// Requests a flush, and waits for the answer.
    ///
    /// # Errors
    ///
    /// If the worker reports a failure, does not answer in time, or has ended.
    pub fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        let mut mine = 0;
        self.ask(|asked| {
            asked.flushes += 1;
            mine = asked.flushes;
        });
        let state = self.wait(within, |state| state.answered < mine && !state.ended);
        match &state.refused {
            _ if state.answered < mine && state.ended => Err(NotFlushed::ShutDown),
            _ if state.answered < mine => Err(NotFlushed::TooSlow(within)),
            Some(why) => Err(NotFlushed::Refused(why.clone())),
            None => Ok(()),
        }
    }

    /// Tells the worker to end within this time, without waiting for it. Of several times,
    /// the earliest holds.
    pub fn end_within(&self, within: Duration) {
        let end = Instant::now() + within.min(LONGEST);
        self.ask(|asked| asked.end = Some(asked.end.map_or(end, |other| other.min(end))));
    }

    /// Tells the worker to end within this time, and waits for it. Returns whether the worker
    /// has ended.
    pub fn shut_down(&self, within: Duration) -> bool {
        self.end_within(within);
        self.wait(within, |state| !state.ended).ended
    }

    /// The orders at this moment. A worker reads them before it looks for records. Therefore
    /// its answer to a flush covers all records from before the request.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.state().asked
    }

    /// Waits until more than `flushes` flushes are requested, or the end is. For the worker
    /// alone.
    pub async fn next(&self, flushes: u64) {
        self.until(|asked| asked.flushes > flushes || asked.end.is_some())
            .await;
    }

    /// Waits until `holds` returns true for the orders. For the worker alone.
    pub async fn until(&self, holds: impl Fn(Asked) -> bool) {
        poll_fn(|context| {
            // An owner that gives an order after this check finds a waker.
            self.worker.register(context.waker());
            if holds(self.asked()) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Answers the first `flushes` flushes. For the worker alone.
    pub fn answer(&self, flushes: u64, outcome: Result<(), String>) {
        let mut state = self.state();
        state.answered = flushes;
        state.refused = outcome.err();
        drop(state);
        self.answered.notify_all();
    }

    /// Marks the worker as ended: later flushes fail, and a shutdown returns at once.
    pub fn retire(&self) {
        self.state().ended = true;
        self.answered.notify_all();
    }

    fn ask(&self, change: impl FnOnce(&mut Asked)) {
        change(&mut self.state().asked);
        self.worker.wake();
    }

    fn wait(
        &self,
        within: Duration,
        waiting: impl FnMut(&mut OrdersState) -> bool,
    ) -> MutexGuard<'_, OrdersState> {
        self.answered
            .wait_timeout_while(self.state(), within, waiting)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// A panic cannot leave the state inconsistent: no code panics between lock and unlock.
    fn state(&self) -> MutexGuard<'_, OrdersState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Orders").field(&*self.state()).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};
    use std::thread;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn ready(future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        future.poll(&mut context) == Poll::Ready(())
    }

    #[test]
    fn a_flush_is_answered_by_the_worker() {
        let orders = Orders::default();
        for outcome in [Ok(()), Err("no".to_owned())] {
            thread::scope(|scope| {
                let flush = scope.spawn(|| orders.flush(60 * SECOND));
                let before = orders.state().answered;
                while orders.asked().flushes == before {
                    thread::yield_now();
                }
                orders.answer(orders.asked().flushes, outcome.clone());
                let flushed = flush.join().ok();
                assert_eq!(flushed, Some(outcome.map_err(NotFlushed::Refused)));
            });
        }
    }

    #[test]
    fn a_flush_without_an_answer_says_why() {
        let orders = Orders::default();
        let slow = NotFlushed::TooSlow(Duration::ZERO);
        assert_eq!(orders.flush(Duration::ZERO), Err(slow));
        orders.retire();
        assert_eq!(orders.flush(60 * SECOND), Err(NotFlushed::ShutDown));
    }

    #[test]
    fn of_several_ends_the_earliest_holds() {
        let orders = Orders::default();
        orders.end_within(Duration::MAX);
        let late = orders.asked().end;
        orders.end_within(SECOND);
        let soon = orders.asked().end;
        assert!(soon < late);
        orders.end_within(60 * SECOND);
        assert_eq!(orders.asked().end, soon);
        assert!(!orders.asked().is_over());
        assert!(!orders.shut_down(Duration::ZERO));
        assert!(orders.asked().is_over());
        orders.retire();
        assert!(orders.shut_down(Duration::MAX));
    }

    #[test]
    fn a_worker_hears_of_a_flush_once_and_of_the_end_always() {
        let orders = Orders::default();
        let mut next = pin!(orders.next(0));
        assert!(!ready(next.as_mut()));
        assert!(orders.flush(Duration::ZERO).is_err());
        assert!(ready(next.as_mut()));
        assert!(!ready(pin!(orders.next(1))));
        orders.end_within(SECOND);
        assert!(ready(pin!(orders.next(1))));
    }
}
