use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::report::TaskEnd;
use super::usage::RunUsage;
use crate::inline::{Drain, Recording, Words};
use crate::limits::{Limiter, Limits, bound};
use crate::wasi::{Held, Holdings, Hosted};
use crate::{MetricsCtx, MetricsCtxView};

/// The data of a task's store, behind the ring.
pub(super) struct TaskState {
    wasi: WasiCtx,
    table: ResourceTable,
    metrics: MetricsCtx,
    limiter: Limiter,
    holdings: Holdings,
    /// The code with which the guest has left through `exit`.
    exited: Option<i32>,
    /// Where calls are counted, if that was asked for.
    calls: Option<RunUsage>,
}

/// The data of a task's store.
pub(super) type TaskData = Recording<TaskState>;

impl TaskState {
    /// A store for one task, with every limit in place.
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

    /// What it means that a call of the guest returned this error.
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
    /// The guest has called a function of the host, which looks here once for what it
    /// works on.
    #[inline]
    fn called(&mut self) -> &mut TaskState {
        let state = self.state_mut();
        if let Some(calls) = &state.calls {
            calls.called();
        }
        state
    }

    /// Where a call of the guest records.
    #[inline]
    pub(super) fn called_metrics(&mut self) -> MetricsCtxView<'_> {
        MetricsCtxView {
            ctx: &mut self.called().metrics,
        }
    }

    /// The guest leaves through `exit`.
    pub(super) fn exits(&mut self, code: i32) {
        self.called().exited = Some(code);
    }
}

/// Hands records on while the guest runs: at every tick, and whenever it calls the
/// host, which may let it wait, or returns to it, which is how an asynchronous guest
/// waits. What is left then is handed on when it ends.
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
    fn drain(&mut self, records: &[Words]) {
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

    fn held(&mut self) -> Held<'_> {
        let state = self.state_mut();
        Held {
            view: WasiCtxView {
                ctx: &mut state.wasi,
                table: &mut state.table,
            },
            holdings: &mut state.holdings,
            limiter: &mut state.limiter,
        }
    }
}
