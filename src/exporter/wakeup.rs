//! The rest and the wake-up of a queue's worker.

use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use super::sync::{AtomicU8, AtomicWaker, Ordering};

/// The worker checks the queue by itself.
const BUSY: u8 = 0;
/// The worker rests for a moment, so that a batch can gather. A full batch wakes it.
const LINGERING: u8 = 1;
/// The worker rests until there is work.
const PARKED: u8 = 2;

/// State of a queue's worker: whether it rests, and how to wake it.
///
/// A wake-up of the worker costs more than all other work for a record. Only the first record
/// after a pause wakes the worker, and one record of each batch while the worker lingers. The
/// worker can be a thread or a task: it polls a future, and a wake-up calls the future's
/// waker.
///
/// Both sides write before they read. A recording thread pushes, and then reads the worker's
/// state. The worker announces its state, and then checks the queue. All four accesses are
/// sequentially consistent, so that one of the two sides sees the other. If one access had a
/// weaker order, a record could be pushed to a worker that continues to sleep. The models in
/// `models.rs` detect that.
pub(super) struct Wakeup {
    worker: AtomicU8,
    waker: AtomicWaker,
}

impl Wakeup {
    pub(super) fn new() -> Self {
        Self {
            worker: AtomicU8::new(BUSY),
            waker: AtomicWaker::new(),
        }
    }

    /// Wakes the worker after a push, if the worker is parked, or if it lingers and a batch
    /// is full.
    #[inline]
    pub(super) fn pushed(&self, enough: bool) {
        match self.worker.load(Ordering::SeqCst) {
            BUSY => {}
            LINGERING if !enough => {}
            _ => self.wake(),
        }
    }

    #[cold]
    fn wake(&self) {
        // Of many threads that see a resting worker, one wakes it.
        if self.worker.swap(BUSY, Ordering::SeqCst) != BUSY {
            self.waker.wake();
        }
    }

    /// Rests until a record is pushed, unless work is `due` already. For the worker alone.
    pub(super) async fn park(&self, due: impl Fn() -> bool) {
        self.rest(PARKED, due).await;
    }

    /// Rests until a batch is pushed, unless a batch is `due` already. For the worker alone.
    pub(super) async fn linger(&self, due: impl Fn() -> bool) {
        self.rest(LINGERING, due).await;
    }

    async fn rest(&self, how: u8, due: impl Fn() -> bool) {
        let mut announced = None;
        poll_fn(|context| {
            // A thread that sees the worker at rest finds a waker.
            self.waker.register(context.waker());
            if announced.is_none() {
                self.worker.store(how, Ordering::SeqCst);
                announced = Some(Resting(self));
                if due() {
                    return Poll::Ready(());
                }
            } else if self.worker.load(Ordering::SeqCst) == BUSY {
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }
}

/// Marks the worker as resting. Its drop marks the worker as busy, for any cause of the
/// wake-up.
struct Resting<'a>(&'a Wakeup);

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.0.worker.store(BUSY, Ordering::SeqCst);
    }
}

impl fmt::Debug for Wakeup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wakeup").finish_non_exhaustive()
    }
}
