//! Backends around a backend, which change the records that reach it.

mod filtered;
mod relabeled;

pub use filtered::FilteredMetrics;
pub use relabeled::RelabeledMetrics;
