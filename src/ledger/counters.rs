//! The counters of a ledger, and a live view of them.

use std::fmt;
use std::sync::Arc;

use super::drop_reason::DropReason;
use super::snapshot::LedgerSnapshot;
use crate::sync::{AtomicU64, Ordering};

/// Ledger of the records of one source: a shared, live view.
///
/// At every moment `accepted = delivered + dropped + in flight`. No record is in flight while
/// the source rests. A reader on any thread sees a state that balances.
#[derive(Clone)]
pub struct Ledger {
    counters: Arc<Counters>,
}

impl Ledger {
    pub(super) fn of(counters: &Arc<Counters>) -> Self {
        Self {
            counters: Arc::clone(counters),
        }
    }

    /// The counts at this moment.
    #[must_use]
    pub fn snapshot(&self) -> LedgerSnapshot {
        self.counters.snapshot()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) accepted: AtomicU64,
    pub(super) delivered: AtomicU64,
    pub(super) clamped: AtomicU64,
    pub(super) dropped: [AtomicU64; DropReason::ALL.len()],
}

impl Counters {
    /// A record is accepted before it is settled, and the settled counts are read first. Their
    /// writers release them and this reader acquires them. Therefore each record that is seen
    /// as settled is also seen as accepted.
    ///
    /// The accepted count is read last, and sequentially consistent. Therefore a thread that
    /// closes a queue and then reads the ledger sees each record that found the queue open.
    /// On x86 and on baseline aarch64, the instruction is that of an acquiring read.
    pub(super) fn snapshot(&self) -> LedgerSnapshot {
        LedgerSnapshot {
            dropped: std::array::from_fn(|reason| self.dropped[reason].load(Ordering::Acquire)),
            delivered: self.delivered.load(Ordering::Acquire),
            clamped: self.clamped.load(Ordering::Acquire),
            accepted: self.accepted.load(Ordering::SeqCst),
        }
    }
}
