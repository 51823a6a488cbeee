//! Counts of requests and connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// What a server was asked, and by how many.
#[derive(Debug, Default)]
pub struct Hits {
    /// By page and status code. Both are few: a client chooses among them, and
    /// adds none.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    open: AtomicU64,
    refused: AtomicU64,
    slow_readers: AtomicU64,
    held: AtomicUsize,
}

impl Hits {
    /// Requests that were answered, by page and status code. What is no request
    /// (rubbish, a head that never ends) is not among them.
    pub fn requests(&self) -> Vec<((&'static str, u16), u64)> {
        let requests = self.requests.lock();
        requests.iter().map(|(key, count)| (*key, *count)).collect()
    }

    /// Connections that are open.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were closed since there were too many: new ones, those that
    /// had to make place, and those in a place for probes that asked for more.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Connections that were closed since their clients read too slowly.
    pub fn slow_readers(&self) -> u64 {
        self.slow_readers.load(Ordering::Relaxed)
    }

    /// Bytes of pages in memory.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
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

    pub(super) fn gave_up_on_reader(&self) {
        self.slow_readers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}
