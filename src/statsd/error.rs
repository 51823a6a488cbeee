use std::io;

use thiserror::Error;

use super::StatsdMetrics;

/// Why a [`StatsdMetrics`] could not be built. Nothing else of it fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatsdError {
    /// The address is none, or its name is not known.
    #[error("cannot find the statsd server {address:?}, which must be HOST:PORT")]
    Resolve {
        /// As it was given.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The name is known, and has no address.
    #[error("the statsd server {address:?} has a name without an address")]
    NoAddress {
        /// As it was given.
        address: String,
    },
    /// No socket can send there: no route, or no permission.
    #[error("cannot send to the statsd server {address:?}")]
    Unreachable {
        /// As it was given.
        address: String,
        /// What the system says of the last of its addresses.
        source: io::Error,
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
