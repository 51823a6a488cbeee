//! The sum of several ledgers.

use std::fmt;
use std::sync::{Arc, PoisonError};

use super::counters::Counters;
use super::snapshot::LedgerSnapshot;
use crate::sync::{Mutex, MutexGuard};

/// The sum of many ledgers, including ledgers of ended sources.
///
/// Pass the same totals to every source of a group. Clones share their content.
#[derive(Clone, Default)]
pub struct LedgerTotals {
    ledgers: Arc<Mutex<SummedLedgers>>,
}

#[derive(Default)]
struct SummedLedgers {
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
        let ledgers = self.ledgers();
        let open: LedgerSnapshot = ledgers.open.iter().map(|ledger| ledger.snapshot()).sum();
        ledgers.closed + open
    }

    /// Whether `other` is a clone of these totals.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ledgers, &other.ledgers)
    }

    pub(super) fn open(&self, ledger: &Arc<Counters>) {
        self.ledgers().open.push(Arc::clone(ledger));
    }

    pub(super) fn close(&self, ledger: &Arc<Counters>) {
        let mut ledgers = self.ledgers();
        if let Some(at) = ledgers
            .open
            .iter()
            .position(|open| Arc::ptr_eq(open, ledger))
        {
            ledgers.open.swap_remove(at);
            ledgers.closed += ledger.snapshot();
        }
    }

    /// A panic cannot leave the ledgers inconsistent: no code panics between lock and unlock.
    fn ledgers(&self) -> MutexGuard<'_, SummedLedgers> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LedgerTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LedgerTotals").field(&self.total()).finish()
    }
}
