use std::time::Duration;

use thiserror::Error;

/// Reason why a flush could not deliver all records.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotFlushed {
    /// The attempt failed. Records that can be sent again wait for the next attempt.
    #[error("{0}")]
    Refused(String),
    /// The attempt took longer than the caller waits.
    #[error("no push was answered within {0:?}")]
    TooSlow(Duration),
    /// The exporter was already shut down.
    #[error("the backend was shut down")]
    ShutDown,
}
