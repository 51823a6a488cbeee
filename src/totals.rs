//! What a backend that adds records up keeps: a number for every series there can be.

mod histogram;
mod shard;
mod shards;
mod tally;

pub(crate) use histogram::Durations;
pub(crate) use shards::Shards;
#[cfg(feature = "otlp-encoding")]
pub(crate) use tally::Tally;
