use std::fmt;
use std::future::poll_fn;
use std::task::Poll;

use super::sync::{AtomicU8, AtomicWaker, Ordering};

/// The worker looks into the queue by itself.
const BUSY: u8 = 0;
/// The worker rests for a moment, so that a batch can gather. It is woken when one has.
const LINGERING: u8 = 1;
/// The worker rests until there is something to do.
const PARKED: u8 = 2;

/// How the worker of a queue rests, and is woken.
///
/// To wake a worker costs more than all the rest of a record. Only the first record after
/// a pause does it, and one of each batch while the worker lingers. The worker may be a
/// thread or a task: it polls a future, and the future's waker is called.
///
/// Both sides write before they read. A recording thread pushes, and then reads how the
/// worker rests; the worker announces how it rests, and then looks into the queue. All
/// four accesses are sequentially consistent, so that one of the two sees the other: with
/// any of them weaker, a record can be pushed to a worker that sleeps on. The models in
/// `models.rs` find that.
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

    /// Wakes the worker behind a push, if it is parked, or if it lingers and that is
    /// to end.
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
        // Of many that see a worker at rest, one wakes it.
        if self.worker.swap(BUSY, Ordering::SeqCst) != BUSY {
            self.waker.wake();
        }
    }

    /// Rests until a record is pushed, unless it is `due` already. For the worker alone.
    pub(super) async fn park(&self, due: impl Fn() -> bool) {
        self.rest(PARKED, due).await;
    }

    /// Rests until enough records are pushed, unless they are `due` already. For the
    /// worker alone.
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

/// The worker rests. It is busy again when this goes away, be it that something else has
/// woken it.
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
