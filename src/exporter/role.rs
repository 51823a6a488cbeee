use std::time::Duration;

use super::error::NotFlushed;
use super::status::ExporterStatus;
use crate::MetricsBackend;

/// A backend that sends records on by itself. The [module's page](super) has the rule
/// that all of them follow when they are flushed, shut down and dropped.
pub trait Exporter: MetricsBackend {
    /// How it is at this moment.
    fn status(&self) -> ExporterStatus;

    /// Sends what was recorded before this call, and waits for the answer.
    ///
    /// This blocks the thread, for as long as said at most: asynchronous code calls it
    /// where blocking is allowed.
    ///
    /// # Errors
    ///
    /// When the attempt fails, there is no answer in time, or the exporter was shut
    /// down.
    fn flush(&self, within: Duration) -> Result<(), NotFlushed>;

    /// Sends what waits, and stops: no later than `within` from now. What is left is
    /// dropped, as `shut_down`, and so is what is recorded later.
    ///
    /// This blocks the thread like [`flush`](Self::flush). Once it has stopped, this
    /// does nothing.
    fn shutdown(&self, within: Duration) -> ExporterStatus;
}
