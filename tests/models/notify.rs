//! The notification of `tokio`, reduced to its contract: a notification wakes one task that
//! waits, or is kept for the next one.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use loom::sync::{Mutex, MutexGuard};

thread_local! {
    /// Whether a notification without a waiting task is lost: a fault that a model has to
    /// find. `loom` runs all threads of a model on one thread of the system.
    static FORGETFUL: Cell<bool> = const { Cell::new(false) };
}

/// Checks a model in which a notification without a waiting task is lost.
pub(crate) fn forgetful(model: impl FnOnce()) {
    /// The model that finds the fault panics.
    struct Repaired;

    impl Drop for Repaired {
        fn drop(&mut self) {
            FORGETFUL.set(false);
        }
    }

    let _repaired = Repaired;
    FORGETFUL.set(true);
    model();
}

#[derive(Debug, Default)]
pub(crate) struct Notify(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    /// Whether a notification is kept. A second one changes nothing.
    notified: bool,
    task: Option<Waker>,
}

impl Notify {
    pub(crate) fn notify_one(&self) {
        let mut waiting = self.waiting();
        let task = waiting.task.take();
        waiting.notified = task.is_some() || !FORGETFUL.get();
        drop(waiting);
        if let Some(task) = task {
            task.wake();
        }
    }

    /// For one task at a time.
    pub(crate) async fn notified(&self) {
        poll_fn(|context| {
            let mut waiting = self.waiting();
            if std::mem::take(&mut waiting.notified) {
                waiting.task = None;
                return Poll::Ready(());
            }
            waiting.task = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    #[allow(clippy::unwrap_used, reason = "a lock of `loom` is never poisoned")]
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap()
    }
}
