//! The backend that drops every record.

use std::sync::{Arc, OnceLock};

use crate::{
    BatchError, Event, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// The backend that drops every record. It is the default where no other backend is
/// configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NoOpMetrics;

impl MetricsBackend for NoOpMetrics {
    #[inline(always)]
    fn record_task_started(&self, _: RunnerType) {}

    #[inline(always)]
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}

    #[inline(always)]
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}

    #[inline(always)]
    fn record_batch(&self, _: &[Event]) -> Result<(), BatchError> {
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

/// A shared handle to [`NoOpMetrics`]. The process has one, so that a call costs a reference
/// count and no allocation.
#[must_use]
pub fn noop_metrics() -> MetricsHandle {
    static NOOP: OnceLock<Arc<NoOpMetrics>> = OnceLock::new();
    NOOP.get_or_init(|| Arc::new(NoOpMetrics)).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noop_is_zero_sized_and_shared() {
        assert_eq!(size_of::<NoOpMetrics>(), 0);
        assert!(Arc::ptr_eq(&noop_metrics(), &noop_metrics()));
    }
}
