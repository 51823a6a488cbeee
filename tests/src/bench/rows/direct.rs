//! The recording mode `direct`: a host function that `add_to_linker` has defined.

use std::sync::Arc;

use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::backends::Atomics;
use super::guest::{BACKEND, Main, engine, main_of, recording};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

pub(super) fn sync(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Direct::new(records, engine()?)?))
}

pub(super) fn default_engine(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Direct::new(records, Engine::default())?))
}

pub(super) fn asynchronous(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Asynchronous {
        direct: Direct::new(records, engine()?)?,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    }))
}

struct Direct {
    store: Store<MetricsCtx>,
    main: Main,
    atomics: Arc<Atomics>,
}

impl Direct {
    fn new(records: u32, engine: Engine) -> Result<Self> {
        let bytes = component(&recording(BACKEND, records))?;
        let component = Component::from_binary(&engine, &bytes)?;
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx })?;
        let atomics = Arc::new(Atomics::default());
        let ctx = MetricsCtx::builder().handle(atomics.clone()).build();
        let mut store = Store::new(&engine, ctx);
        let instance = linker.instantiate(&mut store, &component)?;
        let main = main_of(&mut store, &instance)?;
        Ok(Self {
            store,
            main,
            atomics,
        })
    }
}

impl Work for Direct {
    fn run(&mut self) -> Result<()> {
        let (result,) = self.main.call(&mut self.store, ())?;
        result.map_err(|()| "the guest failed".into())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(self.atomics.arrived())
    }
}

struct Asynchronous {
    direct: Direct,
    runtime: Runtime,
}

impl Work for Asynchronous {
    fn run(&mut self) -> Result<()> {
        let main = self.direct.main.call_async(&mut self.direct.store, ());
        let (result,) = self.runtime.block_on(main)?;
        result.map_err(|()| "the guest failed".into())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.direct.arrived()
    }
}
