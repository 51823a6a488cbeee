//! Descriptors that guests and backends have open, and their limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rlimit::Resource;

/// Descriptors that guests leave to other parts of the process: connections to its server, the
/// compilation cache, the log, reloads, processes that compile. Half of the process's limit if that
/// is less.
const RESERVE: usize = 512;

/// Number of stores with reserved descriptors, which no other store can take.
const STORES: usize = 64;

/// Minimum number of descriptors that are reserved for each of these stores.
const FEWEST: usize = 4;

/// Maximum of the process's limit that is used.
const MOST: usize = 1 << 20;

static PROCESS: Mutex<Option<Budget>> = Mutex::new(None);

/// Descriptors of this process that guests and backends have open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DescriptorUse {
    /// Number of open descriptors.
    pub open: usize,
    /// Maximum number of open descriptors: the process's limit on open files (`RLIMIT_NOFILE`, as
    /// it was when a descriptor was first taken), without a reserve of 512 or half.
    pub limit: usize,
    /// Number of descriptors that were refused, because of this limit or a task's own.
    pub refused: u64,
}

/// Descriptors of this process that all guests and backends together have open.
#[must_use]
pub fn descriptor_use() -> DescriptorUse {
    with(|budget| DescriptorUse {
        open: budget.open,
        limit: budget.total,
        refused: budget.refused,
    })
}

/// Descriptors that all guests together may have open.
///
/// Half of the descriptors are divided evenly among [`STORES`] stores, so that a store that has
/// just started finds some, for any use of the others. The other half goes to the stores that ask
/// first.
struct Budget {
    total: usize,
    /// Descriptors that are reserved for each store.
    own: usize,
    open: usize,
    /// Open descriptors of stores beyond their reserved ones.
    beyond: usize,
    refused: u64,
}

impl Budget {
    fn of(limit: usize) -> Self {
        let total = limit - RESERVE.min(limit / 2);
        Self {
            total,
            own: (total / 2 / STORES).max(FEWEST),
            open: 0,
            beyond: 0,
            refused: 0,
        }
    }

    /// Takes descriptors for a store that has `open` ones.
    fn take(&mut self, open: usize, more: usize) -> bool {
        let beyond = self.beyond_own(open + more) - self.beyond_own(open);
        let fits = self.open + more <= self.total
            && (beyond == 0 || self.beyond + beyond <= self.total / 2);
        if fits {
            self.open += more;
            self.beyond += beyond;
        }
        fits
    }

    fn give_back(&mut self, open: usize, fewer: usize) {
        self.open -= fewer;
        self.beyond -= self.beyond_own(open) - self.beyond_own(open - fewer);
    }

    fn beyond_own(&self, open: usize) -> usize {
        open.saturating_sub(self.own)
    }
}

fn with<T>(work: impl FnOnce(&mut Budget) -> T) -> T {
    let mut process = PROCESS.lock();
    work(process.get_or_insert_with(|| {
        // Every supported system has this limit.
        let limit = Resource::NOFILE.get_soft().unwrap_or(256);
        Budget::of(usize::try_from(limit).unwrap_or(MOST).min(MOST))
    }))
}

/// Descriptors and streams that one store may have open, and has open.
#[derive(Debug)]
pub(super) struct DescriptorAccount {
    descriptors: usize,
    streams: usize,
    open: AtomicUsize,
    open_streams: AtomicUsize,
}

impl DescriptorAccount {
    pub(super) fn new(descriptors: usize, streams: usize) -> Arc<Self> {
        Arc::new(Self {
            descriptors,
            streams,
            open: AtomicUsize::new(0),
            open_streams: AtomicUsize::new(0),
        })
    }

    /// Takes this number of descriptors, until the returned claim is dropped.
    pub(super) fn take(self: &Arc<Self>, number: usize) -> Option<DescriptorClaim> {
        with(|budget| {
            // The number changes here alone, under the lock of the budget.
            let open = self.open.load(Ordering::Relaxed);
            if open + number > self.descriptors || !budget.take(open, number) {
                budget.refused += 1;
                return None;
            }
            self.open.store(open + number, Ordering::Relaxed);
            Some(DescriptorClaim {
                of: Arc::clone(self),
                number,
            })
        })
    }

    /// Takes a stream, until the returned claim is dropped.
    pub(super) fn take_stream(self: &Arc<Self>) -> Option<StreamClaim> {
        // The limit holds because the update is one step; no other value depends on the number.
        let one_more = |open| (open < self.streams).then_some(open + 1);
        let open = &self.open_streams;
        let taken = open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.ok().map(|_| StreamClaim(Arc::clone(self)))
    }
}

/// A stream that is counted as open.
#[derive(Debug)]
pub(crate) struct StreamClaim(Arc<DescriptorAccount>);

impl Drop for StreamClaim {
    fn drop(&mut self) {
        self.0.open_streams.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Descriptors that are counted as open.
#[derive(Debug)]
pub(crate) struct DescriptorClaim {
    of: Arc<DescriptorAccount>,
    number: usize,
}

impl Drop for DescriptorClaim {
    fn drop(&mut self) {
        with(|budget| {
            // The number changes under the lock of the budget, as in `take`.
            let open = self.of.open.load(Ordering::Relaxed);
            budget.give_back(open, self.number);
            self.of.open.store(open - self.number, Ordering::Relaxed);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_reserved_for_the_process() {
        for (limit, total, own) in [
            (1 << 20, (1 << 20) - 512, 8_188),
            (1_024, 512, 4),
            (256, 128, 4),
            (1, 1, 4),
        ] {
            let budget = Budget::of(limit);
            assert_eq!((budget.total, budget.own), (total, own), "{limit}");
        }
    }

    #[test]
    fn a_new_store_finds_descriptors_for_any_use_of_others() {
        let mut budget = Budget::of(1_024);
        // Each store takes as many as it can get, and the first gets the most.
        let hogs: Vec<_> = (0..63)
            .map(|_| {
                let mut open = 0;
                while budget.take(open, 1) {
                    open += 1;
                }
                open
            })
            .collect();
        assert_eq!((hogs[0], hogs[1], hogs[62]), (260, 4, 4));
        assert!(budget.take(0, 4));
        for open in hogs {
            budget.give_back(open, open);
        }
        budget.give_back(4, 4);
        assert_eq!((budget.open, budget.beyond), (0, 0));
    }

    #[test]
    fn a_claim_that_is_dropped_is_given_back() {
        let descriptors = DescriptorAccount::new(3, 1);
        let two = descriptors.take(2);
        assert!(two.is_some());
        assert!(descriptors.take(2).is_none());
        drop(two);
        assert!(descriptors.take(3).is_some());
        assert_eq!(descriptors.open.load(Ordering::Relaxed), 0);
        let stream = descriptors.take_stream();
        assert!(stream.is_some());
        assert!(descriptors.take_stream().is_none());
        drop(stream);
        assert!(descriptors.take_stream().is_some());
    }
}
