//! The ledger of records: `accepted = delivered + dropped + in flight`, at every moment.

mod counters;
mod drop_reason;
mod ledger_totals;
#[cfg(all(test, loom))]
mod models;
mod shared_writer;
mod snapshot;
mod writer;

pub use counters::Ledger;
pub use drop_reason::DropReason;
pub use ledger_totals::LedgerTotals;
pub use shared_writer::SharedLedgerWriter;
pub use snapshot::LedgerSnapshot;
pub use writer::LedgerWriter;
