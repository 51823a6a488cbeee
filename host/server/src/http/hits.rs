//! Counts of requests and connections.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Counts of requests and connections of a server. The counts are independent of each other
/// and of all other state, so their accesses are relaxed.
#[derive(Debug, Default)]
pub struct Hits {
    /// Requests by page and status code. Both are closed lists, and a client cannot add
    /// entries.
    requests: Mutex<BTreeMap<(&'static str, u16), u64>>,
    open: AtomicU64,
    rejected: AtomicU64,
    slow_readers: AtomicU64,
    held: AtomicUsize,
}

impl Hits {
    /// Answered requests, by page and status code. Invalid requests, such as a head that
    /// never ends, are not counted.
    pub fn requests(&self) -> Vec<((&'static str, u16), u64)> {
        let requests = self.requests.lock();
        requests.iter().map(|(key, count)| (*key, *count)).collect()
    }

    /// Number of open connections.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were closed because of the limit on connections: new ones,
    /// evicted ones, and connections in slots for probes with other requests.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Connections that were closed because their clients read too slowly.
    pub fn slow_readers(&self) -> u64 {
        self.slow_readers.load(Ordering::Relaxed)
    }

    /// Memory of pages, in bytes.
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

    pub(super) fn reject(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
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
