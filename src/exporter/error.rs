use std::time::Duration;

use thiserror::Error;

/// Why a flush cannot say that everything has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotFlushed {
    /// The attempt failed. Records that may be sent again wait for the next one.
    #[error("{0}")]
    Refused(String),
    /// The attempt took longer than the caller waits.
    #[error("no push was answered within {0:?}")]
    TooSlow(Duration),
    /// The exporter was shut down before.
    #[error("the backend was shut down")]
    ShutDown,
}
