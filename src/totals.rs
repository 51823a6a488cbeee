//! The totals of a backend that adds records up: one number for every possible series.

mod histogram;
#[cfg(all(test, loom))]
mod models;
mod series_totals;
mod shard;
mod shards;

pub(crate) use histogram::Durations;
#[cfg(feature = "otlp-encoding")]
pub(crate) use series_totals::SeriesTotals;
pub(crate) use shards::Shards;
