use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::sandbox::{Limiter, Limits, bound};
use crate::{MetricsCtx, MetricsCtxView};

/// The data of a task's store.
pub(super) struct TaskState {
    wasi: WasiCtx,
    table: ResourceTable,
    metrics: MetricsCtx,
    limiter: Limiter,
}

/// What every task may call: WASI 0.2, and the metrics.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<TaskState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    crate::add_to_linker(&mut linker, |state: &mut TaskState| MetricsCtxView {
        ctx: &mut state.metrics,
    })?;
    Ok(linker)
}

impl TaskState {
    /// A store for one task, with every limit in place.
    pub(super) fn store(
        engine: &Engine,
        wasi: WasiCtx,
        metrics: MetricsCtx,
        limits: &Limits,
    ) -> Store<Self> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let limiter = Limiter::new(limits);
        let mut store = Store::new(
            engine,
            Self {
                wasi,
                table,
                metrics,
                limiter,
            },
        );
        bound(&mut store, limits, |state| &mut state.limiter);
        store
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.limiter
    }
}

impl WasiView for TaskState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
