use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{StatsdDrops, StatsdStatus};

/// The counters behind a [`StatsdStatus`]. The one place where they move.
#[derive(Debug, Default)]
pub(super) struct Counts {
    accepted: AtomicU64,
    delivered: AtomicU64,
    queue_full: AtomicU64,
    send_failed: AtomicU64,
    shut_down: AtomicU64,
    attempts: AtomicU64,
    failures: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Counts {
    /// Returns how many were accepted before.
    pub(super) fn accept(&self, records: u64) -> u64 {
        add(&self.accepted, records)
    }

    pub(super) fn deliver(&self, records: u64) {
        add(&self.delivered, records);
    }

    pub(super) fn drop_for_want_of_room(&self, records: u64) {
        add(&self.queue_full, records);
    }

    pub(super) fn drop_unsent(&self, records: u64) {
        add(&self.send_failed, records);
    }

    pub(super) fn drop_at_the_end(&self, records: u64) {
        add(&self.shut_down, records);
    }

    pub(super) fn attempt(&self) {
        add(&self.attempts, 1);
    }

    pub(super) fn fail(&self, error: String) {
        add(&self.failures, 1);
        *self
            .last_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// What is settled is read first: whatever is seen as settled is seen as accepted
    /// too. So it is with failures and attempts.
    pub(super) fn status(&self) -> StatsdStatus {
        let get = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        let last_error = self.last_error.lock();
        StatsdStatus {
            dropped: StatsdDrops {
                queue_full: get(&self.queue_full),
                send_failed: get(&self.send_failed),
                shut_down: get(&self.shut_down),
            },
            delivered: get(&self.delivered),
            accepted: get(&self.accepted),
            failures: get(&self.failures),
            attempts: get(&self.attempts),
            last_error: last_error.unwrap_or_else(PoisonError::into_inner).clone(),
            ..StatsdStatus::default()
        }
    }
}

/// Sequentially consistent, for the end of a
/// [`Mailbox`](super::mailbox::Mailbox), and at no price on x86.
fn add(counter: &AtomicU64, by: u64) -> u64 {
    counter.fetch_add(by, Ordering::SeqCst)
}
