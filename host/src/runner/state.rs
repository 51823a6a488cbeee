//! The data of a task's store.

use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::report::TaskEnd;
use super::usage::RunUsage;
use crate::inline::{Drain, RecordWords, Recording};
use crate::limits::{Limiter, Limits, bound};
use crate::wasi::{Holdings, Hosted, WasiState};
use crate::{MetricsCtx, MetricsCtxView};

/// Data of a task's store, behind the ring.
pub(super) struct TaskState {
    wasi: WasiCtx,
    table: ResourceTable,
    metrics: MetricsCtx,
    limiter: Limiter,
    holdings: Holdings,
    /// Code with which the guest called `exit`.
    exited: Option<i32>,
    /// Usage in which calls are counted, if that was requested.
    calls: Option<RunUsage>,
}

/// Data of a task's store.
pub(super) type TaskData = Recording<TaskState>;

impl TaskState {
    /// Makes a store for one task, with every limit applied.
    pub(super) fn store(
        engine: &Engine,
        (wasi, holdings): (WasiCtx, Holdings),
        metrics: MetricsCtx,
        limits: &Limits,
        usage: &RunUsage,
    ) -> Store<TaskData> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let mut limiter = Limiter::new(limits);
        if let Some(sum) = usage.sum() {
            limiter.note_peak_memory(sum.peak());
        }
        let calls = usage.sum().map(|_| usage.clone());
        let mut store = Store::new(
            engine,
            Recording::new(Self {
                wasi,
                table,
                metrics,
                limiter,
                holdings,
                exited: None,
                calls,
            }),
        );
        bound(&mut store, limits, |data| &mut data.state_mut().limiter);
        store
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// End of the task if a call of the guest returned this error.
    pub(super) fn end(&self, error: &wasmtime::Error) -> TaskEnd {
        match self.exited {
            Some(code) => TaskEnd::Exited { code },
            None => TaskEnd::of_error(error, self.limiter.denied()),
        }
    }

    pub(super) fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.limiter
    }
}

impl TaskData {
    /// Notes that the guest called a function of the host. Each call of the host comes here once.
    #[inline]
    fn called(&mut self) -> &mut TaskState {
        let state = self.state_mut();
        if let Some(calls) = &state.calls {
            calls.called();
        }
        state
    }

    /// Metrics context for a call of the guest.
    #[inline]
    pub(super) fn called_metrics(&mut self) -> MetricsCtxView<'_> {
        MetricsCtxView {
            ctx: &mut self.called().metrics,
        }
    }

    /// Notes that the guest called `exit`.
    pub(super) fn exits(&mut self, code: i32) {
        self.called().exited = Some(code);
    }
}

/// Passes records on while the guest runs: at every tick, and whenever the guest calls the host,
/// which may make it wait, or returns to the host, which is how an asynchronous guest waits. The
/// remaining records are passed on when the guest ends.
pub(super) fn drain_along(store: &mut Store<TaskData>) {
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().drain();
        Ok(UpdateDeadline::Yield(1))
    });
    store.call_hook(|mut store, hook| {
        if matches!(hook, CallHook::CallingHost | CallHook::ReturningFromWasm) {
            store.data_mut().drain();
        }
        Ok(())
    });
}

impl Drain for TaskState {
    fn drain(&mut self, records: &[RecordWords]) {
        self.metrics.record_words(records);
    }
}

impl WasiView for TaskData {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let state = self.called();
        WasiCtxView {
            ctx: &mut state.wasi,
            table: &mut state.table,
        }
    }
}

impl Hosted for TaskData {
    fn called(&mut self) {
        Self::called(self);
    }

    fn wasi_state(&mut self) -> WasiState<'_> {
        let state = self.state_mut();
        WasiState {
            view: WasiCtxView {
                ctx: &mut state.wasi,
                table: &mut state.table,
            },
            holdings: &mut state.holdings,
            limiter: &mut state.limiter,
        }
    }
}
