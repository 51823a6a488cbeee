use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// What a server was asked, and by how many.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// By page and status code. Both are few: a client chooses among them, and
    /// adds none.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    open: AtomicU64,
    refused: AtomicU64,
}

impl Hits {
    /// Requests that were answered, by page and status code. What is no request
    /// (rubbish, a head that never ends) is not among them.
    pub(crate) fn requests(&self) -> Vec<((&'static str, u16), u64)> {
        let requests = self.requests.lock();
        requests.iter().map(|(key, count)| (*key, *count)).collect()
    }

    /// Connections that are open.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were closed since there were too many: new ones, and
    /// those that had to make place.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn answered(&self, page: &'static str, code: u16) {
        *self.requests.lock().entry((page, code)).or_default() += 1;
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }
}
