use std::time::Duration;

use super::error::NotFlushed;
use super::status::ExporterStatus;
use crate::MetricsBackend;

/// A backend that sends records by itself. The [module](super) documents the rule that all
/// exporters follow when they are flushed, shut down and dropped.
pub trait Exporter: MetricsBackend {
    /// The status at this moment.
    fn status(&self) -> ExporterStatus;

    /// Sends the records from before this call, and waits for the answer.
    ///
    /// This blocks the thread for at most `within`. Asynchronous code must call it where
    /// blocking is allowed.
    ///
    /// # Errors
    ///
    /// If the attempt fails, no answer comes in time, or the exporter was shut down.
    fn flush(&self, within: Duration) -> Result<(), NotFlushed>;

    /// Sends the records that wait, and stops, no later than `within` from now. Remaining and
    /// later records are dropped, as `shut_down`.
    ///
    /// This blocks the thread like [`flush`](Self::flush). A second call does nothing.
    fn shutdown(&self, within: Duration) -> ExporterStatus;
}
