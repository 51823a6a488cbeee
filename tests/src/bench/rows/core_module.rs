//! The same call in core WebAssembly: a module without a component, and a host function
//! of integers.

use std::sync::Arc;

use solti_metrics::{MetricsHandle, RunnerType, TaskOutcome};
use solti_metrics_host::MetricsCtx;
use wasmtime::{Caller, Linker, Module, Store, TypedFunc};

use super::backends::{Atomics, completed};
use super::guest::{engine, recording};
use crate::bench::{Arrived, Result, Work};

pub(super) fn called(records: u32) -> Result<Box<dyn Work>> {
    let atomics = Arc::new(Atomics::default());
    let backend: MetricsHandle = atomics.clone();
    work(records, backend, atomics, |backend, duration_ms| {
        backend.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
    })
}

pub(super) fn admitted(records: u32) -> Result<Box<dyn Work>> {
    let atomics = Arc::new(Atomics::default());
    let ctx = MetricsCtx::builder().handle(atomics.clone()).build();
    work(records, ctx, atomics, |ctx, duration_ms| {
        ctx.record(completed(duration_ms));
    })
}

fn work<T: 'static>(
    records: u32,
    data: T,
    atomics: Arc<Atomics>,
    body: impl Fn(&mut T, u64) + Send + Sync + 'static,
) -> Result<Box<dyn Work>> {
    let engine = engine()?;
    let module = Module::new(&engine, wat::parse_str(recording("host", records))?)?;
    let mut linker = Linker::new(&engine);
    let completed = move |mut caller: Caller<'_, T>, _: i32, _: i32, duration_ms: i64| {
        body(caller.data_mut(), duration_ms.cast_unsigned());
    };
    linker.func_wrap("host", "record-task-completed", completed)?;
    let mut store = Store::new(&engine, data);
    let instance = linker.instantiate(&mut store, &module)?;
    let main = instance.get_typed_func(&mut store, "wasi:cli/run@0.2.12#run")?;
    Ok(Box::new(CoreModule {
        store,
        main,
        atomics,
    }))
}

struct CoreModule<T: 'static> {
    store: Store<T>,
    main: TypedFunc<(), i32>,
    atomics: Arc<Atomics>,
}

impl<T: 'static> Work for CoreModule<T> {
    fn run(&mut self) -> Result<()> {
        self.main.call(&mut self.store, ())?;
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(self.atomics.arrived())
    }
}
