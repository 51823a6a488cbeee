//! What became of records: `accepted = delivered + dropped + in flight`, at every moment.

mod book;
mod counters;
mod drop_reason;
mod shared_writer;
mod snapshot;
mod writer;

pub use book::LedgerBook;
pub use counters::Ledger;
pub use drop_reason::DropReason;
pub use shared_writer::SharedLedgerWriter;
pub use snapshot::LedgerSnapshot;
pub use writer::LedgerWriter;
