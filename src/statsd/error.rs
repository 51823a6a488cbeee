//! Errors of the settings.

use std::io;

use thiserror::Error;

use super::StatsdMetrics;

/// Error of building a [`StatsdMetrics`]. No other function of it fails with this error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatsdError {
    /// The address is not `HOST:PORT`.
    #[error("invalid statsd address {address:?}: {reason}; it must be HOST:PORT")]
    Address {
        /// The given address.
        address: String,
        /// The cause.
        reason: &'static str,
    },
    /// The prefix is too long for a line.
    #[error(
        "the statsd prefix has {bytes} bytes: shorten it to {}",
        StatsdMetrics::MAX_PREFIX
    )]
    PrefixTooLong {
        /// Length of the prefix, in bytes.
        bytes: usize,
    },
    /// The tags together are too long for a line.
    #[error(
        "the statsd tags have {bytes} bytes together: shorten them to {}",
        StatsdMetrics::MAX_TAGS
    )]
    TagsTooLong {
        /// Length of the tags with their separators, in bytes.
        bytes: usize,
    },
    /// The tag has the name of a label of the metrics.
    #[error("the statsd tag {0:?} is a label of the metrics: choose another name")]
    ReservedTag(String),
    /// Tags are set for a dialect without tags.
    #[error("plain statsd has no tags: leave them out, or choose the dialect dogstatsd")]
    TagsInPlain,
    /// The name is not the name of a dialect.
    #[error("unknown statsd dialect {0:?}: it must be plain or dogstatsd")]
    UnknownDialect(String),
    /// The system cannot start the thread that sends.
    #[error("cannot start the thread that sends to statsd")]
    Thread(#[source] io::Error),
}
