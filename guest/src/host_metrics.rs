//! The host's backend, as seen by a guest.

use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome, UnmappedLabel};

use crate::bindings::imports::solti::metrics::backend;

static UNMAPPED: AtomicU64 = AtomicU64::new(0);

/// The backend of the host: each record is one call of an imported function,
/// with one to three integers and no memory.
///
/// Outside of WebAssembly, this backend drops all records. The native tests of a
/// guest use another backend, such as `MemoryMetrics`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostMetrics;

impl HostMetrics {
    /// Creates the backend.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// The number of records that this guest dropped because `solti:metrics@0.1.0`
    /// has no name for one of their labels. The SDK never replaces a label.
    #[must_use]
    pub fn unmapped() -> u64 {
        UNMAPPED.load(Ordering::Relaxed)
    }
}

impl MetricsBackend for HostMetrics {
    fn record_task_started(&self, runner: RunnerType) {
        counted(|| {
            call::started(runner.try_into()?);
            Ok(())
        });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        counted(|| {
            call::completed(runner.try_into()?, outcome.try_into()?, duration_ms);
            Ok(())
        });
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        counted(|| {
            call::error(runner.try_into()?, error.try_into()?);
            Ok(())
        });
    }
}

fn counted(record: impl FnOnce() -> Result<(), UnmappedLabel>) {
    if record().is_err() {
        UNMAPPED.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(target_family = "wasm")]
mod call {
    pub(super) use super::backend::{
        record_runner_error as error, record_task_completed as completed,
        record_task_started as started,
    };
}

#[cfg(not(target_family = "wasm"))]
mod call {
    use super::backend::{RunnerErrorKind, RunnerType, TaskOutcome};

    pub(super) fn started(_: RunnerType) {}
    pub(super) fn completed(_: RunnerType, _: TaskOutcome, _: u64) {}
    pub(super) fn error(_: RunnerType, _: RunnerErrorKind) {}
}
