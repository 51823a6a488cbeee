//! The sum of several ledgers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counters::Counters;
use super::snapshot::LedgerSnapshot;

/// The sum of many ledgers, including ledgers of ended sources.
///
/// Pass the same totals to every source of a group. Clones share their content.
#[derive(Clone, Default)]
pub struct LedgerTotals {
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    open: Vec<Arc<Counters>>,
    closed: LedgerSnapshot,
}

impl LedgerTotals {
    /// Totals without a ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The sum of all ledgers in these totals, at this moment.
    #[must_use]
    pub fn total(&self) -> LedgerSnapshot {
        let pages = self.pages();
        let open: LedgerSnapshot = pages.open.iter().map(|page| page.snapshot()).sum();
        pages.closed + open
    }

    /// Whether `other` is a clone of these totals.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pages, &other.pages)
    }

    pub(super) fn open(&self, page: &Arc<Counters>) {
        self.pages().open.push(Arc::clone(page));
    }

    pub(super) fn close(&self, page: &Arc<Counters>) {
        let mut pages = self.pages();
        if let Some(at) = pages.open.iter().position(|open| Arc::ptr_eq(open, page)) {
            pages.open.swap_remove(at);
            pages.closed += page.snapshot();
        }
    }

    /// A panic cannot leave the ledgers inconsistent: no code panics between lock and unlock.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LedgerTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LedgerTotals").field(&self.total()).finish()
    }
}
