//! Backends around a backend, which change what reaches it.

mod filtered;
mod relabeled;

pub use filtered::FilteredMetrics;
pub use relabeled::RelabeledMetrics;
