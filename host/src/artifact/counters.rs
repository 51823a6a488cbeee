//! Counters of the compilation cache and of compilations.

use std::time::{Duration, Instant};

use super::compiler::NotCompiled;
use super::sync::{AtomicU64, Ordering};

/// Counters of a compilation cache, in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheCounters {
    /// Components whose code was found.
    pub hits: u64,
    /// Components whose code was not found, or was rejected.
    pub misses: u64,
    /// Entries that were not authentic or did not match their name, and were removed. Each is a
    /// miss as well.
    pub rejected: u64,
    /// Entries that were stored.
    pub stored: u64,
    /// Entries that could not be stored.
    pub store_failures: u64,
    /// Entries that were evicted to keep the maximum size.
    pub evicted: u64,
}

/// Compilations in this process or for it, with or without a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Compilations {
    /// Number of compilations that ended. A component that cannot be composed for the inline mode
    /// is compiled without the shim: that counts once.
    pub count: u64,
    /// Time of all compilations, added up; concurrent ones all count.
    pub time: Duration,
    /// Number of compilations without code: because of the component, of a limit, or of the
    /// compiler process.
    pub failed: u64,
}

/// Live counters of compilations.
#[derive(Debug, Default)]
pub(super) struct CompileCounts {
    count: AtomicU64,
    nanos: AtomicU64,
    failed: AtomicU64,
}

impl CompileCounts {
    pub(super) fn read(&self) -> Compilations {
        // Read the failures first, so that they never exceed the total: the writer counts a
        // failure last and releases it, and this read acquires it.
        let failed = self.failed.load(Ordering::Acquire);
        Compilations {
            count: self.count.load(Ordering::Acquire),
            time: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            failed,
        }
    }

    pub(super) fn counting<T>(
        &self,
        compile: impl FnOnce() -> Result<T, NotCompiled>,
    ) -> Result<T, NotCompiled> {
        let started = Instant::now();
        let compiled = compile();
        if !matches!(compiled, Err(NotCompiled::NotComposed(_))) {
            let nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            count(&self.nanos, nanos);
            self.count.fetch_add(1, Ordering::Release);
            self.failed
                .fetch_add(u64::from(compiled.is_err()), Ordering::Release);
        }
        compiled
    }
}

/// Live counters of a cache. The counters are independent of each other, so their accesses are
/// relaxed.
#[derive(Default)]
pub(super) struct CacheCounts {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) rejected: AtomicU64,
    pub(super) stored: AtomicU64,
    pub(super) store_failures: AtomicU64,
    pub(super) evicted: AtomicU64,
}

impl CacheCounts {
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn compilations_and_their_failures_are_counted_and_failed_compositions_are_not() {
        let counts = CompileCounts::default();
        let said = || String::from("no");
        let _ = counts.counting(|| Ok(()));
        let _ = counts.counting(|| Err::<(), _>(NotCompiled::Refused(said())));
        let _ = counts.counting(|| Err::<(), _>(NotCompiled::Process(said())));
        let _ = counts.counting(|| Err::<(), _>(NotCompiled::NotComposed(said())));
        let Compilations { count, failed, .. } = counts.read();
        assert_eq!((count, failed), (3, 2));
    }
}
