//! Waiting for futures on a thread, without a runtime.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Waits for futures on a thread, without a runtime: the thread is parked, and a wake-up of
/// either future unparks it.
#[derive(Debug)]
pub struct Parker(Waker);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

impl Parker {
    /// A parker of the current thread.
    #[must_use]
    pub fn of_this_thread() -> Self {
        Self(Waker::from(Arc::new(Unpark(thread::current()))))
    }

    /// Waits until one of the two futures is ready, for at most `within`.
    ///
    /// This blocks the thread, which must be the thread that created the parker.
    pub fn wait(
        &self,
        one: impl Future<Output = ()>,
        other: impl Future<Output = ()>,
        most: Duration,
    ) {
        let (mut one, mut other) = (pin!(one), pin!(other));
        let started = Instant::now();
        loop {
            // Both futures are polled, so that each has the current waker.
            if self.ready(one.as_mut()) | self.ready(other.as_mut()) {
                return;
            }
            let left = most.saturating_sub(started.elapsed());
            if left.is_zero() {
                return;
            }
            // A thread can be unparked without a reason, and then checks again.
            thread::park_timeout(left);
        }
    }

    fn ready(&self, future: Pin<&mut impl Future<Output = ()>>) -> bool {
        let mut context = Context::from_waker(&self.0);
        future.poll(&mut context) == Poll::Ready(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::future::{pending, ready};

    use super::super::orders::Orders;
    use super::super::queue::Queue;
    use super::*;
    use crate::{Event, RunnerType};

    #[test]
    fn the_first_of_both_ends_the_wait() {
        let parker = Parker::of_this_thread();
        parker.wait(ready(()), pending(), Duration::MAX);
        parker.wait(pending(), ready(()), Duration::MAX);
        parker.wait(pending(), pending(), Duration::from_millis(1));
    }

    /// The test hangs if the thread is not woken.
    #[test]
    fn another_thread_ends_the_wait() {
        let (queue, orders) = (Queue::new(1, 1), Orders::default());
        thread::scope(|scope| {
            let parker = Parker::of_this_thread();
            scope.spawn(|| {
                queue.record(Event::TaskStarted {
                    runner: RunnerType::Wasm,
                });
            });
            parker.wait(queue.some(), orders.next(0), Duration::MAX);
            assert_eq!(queue.len(), 1);
            scope.spawn(|| orders.end_within(Duration::ZERO));
            parker.wait(pending(), orders.next(0), Duration::MAX);
            assert!(orders.asked().is_over());
        });
    }
}
