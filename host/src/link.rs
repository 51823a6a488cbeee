//! Definition of the metrics in a linker.

use wasmtime::component::{HasData, Linker};

use solti_metrics::Event;

use crate::MetricsCtx;
use crate::bindings::{backend, types};

/// View of a store's data for the host functions, for the time of one call.
#[derive(Debug)]
pub struct MetricsCtxView<'a> {
    /// The context of the guest that is calling.
    pub ctx: &'a mut MetricsCtx,
}

/// Marks the view of the store's data that wasmtime's bindings use.
struct HasMetrics;

impl HasData for HasMetrics {
    type Data<'a> = MetricsCtxView<'a>;
}

/// Defines `solti:metrics/backend@0.1.0` in `linker`, for sync and async hosts.
///
/// `view` finds the guest's context in the store's data.
///
/// # Errors
///
/// When the linker already has a definition of that name and shadowing is not allowed.
pub fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> MetricsCtxView<'_>,
) -> wasmtime::Result<()> {
    types::add_to_linker::<T, HasMetrics>(linker, view)?;
    backend::add_to_linker::<T, HasMetrics>(linker, view)
}

impl types::Host for MetricsCtxView<'_> {}

impl backend::Host for MetricsCtxView<'_> {
    fn record_task_started(&mut self, runner: types::RunnerType) {
        self.ctx.record(Event::TaskStarted {
            runner: runner.into(),
        });
    }

    fn record_task_completed(
        &mut self,
        runner: types::RunnerType,
        outcome: types::TaskOutcome,
        duration_ms: u64,
    ) {
        self.ctx.record(Event::TaskCompleted {
            runner: runner.into(),
            outcome: outcome.into(),
            duration_ms,
        });
    }

    fn record_runner_error(&mut self, runner: types::RunnerType, error: types::RunnerErrorKind) {
        self.ctx.record(Event::RunnerError {
            runner: runner.into(),
            error: error.into(),
        });
    }
}
