//! The semaphore of `tokio`, reduced to its contract: a permit goes to one task.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use loom::sync::{Mutex, MutexGuard};

#[derive(Debug)]
pub(crate) struct Semaphore(Mutex<Permits>);

#[derive(Debug, Default)]
struct Permits {
    free: usize,
    tasks: VecDeque<Waker>,
}

/// A permit, which its taker does not return.
pub(crate) struct Permit(());

impl Permit {
    pub(crate) fn forget(self) {}
}

impl Semaphore {
    pub(crate) const MAX_PERMITS: usize = usize::MAX >> 3;

    pub(crate) fn new(free: usize) -> Self {
        let tasks = VecDeque::new();
        Self(Mutex::new(Permits { free, tasks }))
    }

    pub(crate) fn add_permits(&self, more: usize) {
        let mut permits = self.permits();
        permits.free += more;
        let tasks = std::mem::take(&mut permits.tasks);
        drop(permits);
        tasks.into_iter().for_each(Waker::wake);
    }

    pub(crate) async fn acquire(&self) -> Result<Permit, Infallible> {
        poll_fn(|context| {
            let mut permits = self.permits();
            if let Some(free) = permits.free.checked_sub(1) {
                permits.free = free;
                return Poll::Ready(());
            }
            permits.tasks.push_back(context.waker().clone());
            Poll::Pending
        })
        .await;
        Ok(Permit(()))
    }

    pub(crate) fn forget_permits(&self, most: usize) -> usize {
        let mut permits = self.permits();
        let forgotten = permits.free.min(most);
        permits.free -= forgotten;
        forgotten
    }

    #[allow(clippy::unwrap_used, reason = "a lock of `loom` is never poisoned")]
    fn permits(&self) -> MutexGuard<'_, Permits> {
        self.0.lock().unwrap()
    }
}
