use std::io;

use thiserror::Error;

use super::StatsdMetrics;

/// Why a [`StatsdMetrics`] could not be built. Nothing else of it fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatsdError {
    /// The address is not `HOST:PORT`.
    #[error("invalid statsd address {address:?}: {reason}; it must be HOST:PORT")]
    Address {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The prefix is too long for a line.
    #[error(
        "the statsd prefix has {bytes} bytes: shorten it to {}",
        StatsdMetrics::MAX_PREFIX
    )]
    PrefixTooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Together the tags are too long for a line.
    #[error(
        "the statsd tags have {bytes} bytes together: shorten them to {}",
        StatsdMetrics::MAX_TAGS
    )]
    TagsTooLong {
        /// How long they are, with what separates them.
        bytes: usize,
    },
    /// Metrics have a tag of this name already.
    #[error("the statsd tag {0:?} is a label of the metrics: choose another name")]
    ReservedTag(String),
    /// There are tags, and nowhere to put them.
    #[error("plain statsd has no tags: leave them out, or choose the dialect dogstatsd")]
    TagsInPlain,
    /// There is no dialect of this name.
    #[error("unknown statsd dialect {0:?}: it is plain or dogstatsd")]
    UnknownDialect(String),
    /// The system gives no thread to send from.
    #[error("cannot start the thread that sends to statsd")]
    Thread(#[source] io::Error),
}
