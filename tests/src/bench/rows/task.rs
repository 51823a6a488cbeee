//! Cost of a task before and after the call of `main`.

use std::sync::Arc;

use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};
use solti_metrics_host::{MetricsCtx, MetricsCtxBuilder};
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Linker};

use super::backends::Atomics;
use super::guest::{BACKEND, main_of, recording, runner_engine};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

pub(super) fn bare(tasks: u32) -> Result<Box<dyn Work>> {
    let engine = runner_engine()?;
    let bytes = component(&recording(BACKEND, 1))?;
    let component = Component::from_binary(&engine, &bytes)?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    Ok(Box::new(Bare {
        tasks,
        made: 0,
        pre: linker.instantiate_pre(&component)?,
    }))
}

struct Bare {
    tasks: u32,
    made: u64,
    pre: InstancePre<()>,
}

impl Work for Bare {
    fn run(&mut self) -> Result<()> {
        for _ in 0..self.tasks {
            let mut store = Store::new(self.pre.engine(), ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = self.pre.instantiate(&mut store)?;
            main_of(&mut store, &instance)?;
            self.made += 1;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(Arrived::Counted(self.made))
    }
}

pub(super) fn with_shim(tasks: u32) -> Result<Box<dyn Work>> {
    let bytes = component(&recording(BACKEND, 1))?;
    Ok(Box::new(WithShim {
        tasks,
        made: 0,
        composed: MeasuredGuest::new(&bytes, true)?,
        ctx: MetricsCtx::builder().handle(Arc::new(Atomics::default())),
    }))
}

struct WithShim {
    tasks: u32,
    made: u64,
    composed: MeasuredGuest,
    ctx: MetricsCtxBuilder,
}

impl Work for WithShim {
    fn run(&mut self) -> Result<()> {
        for _ in 0..self.tasks {
            let ctx = self.ctx.clone().build();
            self.composed.instance(MeasureTarget::Ctx(Box::new(ctx)))?;
            self.made += 1;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(Arrived::Counted(self.made))
    }
}
