use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::compiler::NotCompiled;

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

/// What was compiled, in this process or for it, whether or not there is a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Compilations {
    /// How many have ended. A component that cannot be composed for the inline path was
    /// not compiled for that, and then is compiled as it is: that counts once.
    pub count: u64,
    /// How long all of them took together; of those at the same time, each counts.
    pub time: Duration,
    /// Those of them of which there is no code: because of the component, of a limit, or
    /// of the process that was to compile it.
    pub failed: u64,
}

/// The same, while it is counted.
#[derive(Debug, Default)]
pub(super) struct CompileCounts {
    count: AtomicU64,
    nanos: AtomicU64,
    failed: AtomicU64,
}

impl CompileCounts {
    pub(super) fn read(&self) -> Compilations {
        // What failed is read first: there is never more of it than in all.
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
        let began = Instant::now();
        let compiled = compile();
        if !matches!(compiled, Err(NotCompiled::NotComposed(_))) {
            let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            count(&self.nanos, nanos);
            self.count.fetch_add(1, Ordering::Release);
            self.failed
                .fetch_add(u64::from(compiled.is_err()), Ordering::Release);
        }
        compiled
    }
}

/// What a cache counts, while it does.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compiled_or_failed_to_be_is_counted_and_what_could_not_be_composed_is_not() {
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
