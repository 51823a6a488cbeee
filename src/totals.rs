//! The totals of a backend that adds records up: one number for every possible series.

mod histogram;
mod shard;
mod shards;
mod tally;

pub(crate) use histogram::Durations;
pub(crate) use shards::Shards;
#[cfg(feature = "otlp-encoding")]
pub(crate) use tally::Tally;
