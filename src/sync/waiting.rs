//! Waiting for a future on a thread of a model.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Notify;

struct ThreadWakeup(Notify);

impl Wake for ThreadWakeup {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
}

/// Waits for the future. After a deadlock, which is a panic, `loom`'s own function panics
/// again, and aborts the process.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let wakeup = Arc::new(ThreadWakeup(Notify::new()));
    let waker = Waker::from(Arc::clone(&wakeup));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => wakeup.0.wait(),
        }
    }
}
