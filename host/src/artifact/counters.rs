use std::sync::atomic::{AtomicU64, Ordering};

/// What a cache has been good for, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheCounters {
    /// Code that was there.
    pub hits: u64,
    /// Code that was not there, or was rejected.
    pub misses: u64,
    /// Code that was there, was not authentic or not what its name says, and was
    /// removed. Each is a miss as well.
    pub rejected: u64,
    /// Code that was put there.
    pub stored: u64,
    /// Code that could not be put there.
    pub store_failures: u64,
    /// Code that had to make room for other.
    pub evicted: u64,
}

/// The same, while it is counted.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) stored: AtomicU64,
    pub(super) store_failures: AtomicU64,
    pub(super) evicted: AtomicU64,
}

impl Counts {
    pub(super) fn read(&self) -> CacheCounters {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheCounters {
            hits: read(&self.hits),
            misses: read(&self.misses),
            rejected: read(&self.rejected),
            stored: read(&self.stored),
            store_failures: read(&self.store_failures),
            evicted: read(&self.evicted),
        }
    }
}

pub(super) fn count(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}
