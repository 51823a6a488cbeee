//! The recording mode `inline` in an embedder's own store.

use std::sync::Arc;

use solti_metrics_host::MetricsCtx;
use solti_metrics_host::inline::{self, InlineComponent, Recorded, drain_along, drain_at_ticks};
use wasmtime::component::Linker;
use wasmtime::{Store, UpdateDeadline};

use super::backends::Atomics;
use super::guest::{BACKEND, Main, main_of, recording, runner_engine};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

/// Measures records with all drains: at calls of the host, at ticks, and when `main` returns.
pub(super) fn into_atomics(records: u32) -> Result<Box<dyn Work>> {
    let engine = runner_engine()?;
    let mut linker = Linker::new(&engine);
    inline::add_to_linker(&mut linker)?;
    let bytes = component(&recording(BACKEND, records))?;
    let guest = InlineComponent::new(&engine, "the guest", &bytes)?;
    let guest = guest.instantiate_pre(&linker)?;
    let atomics = Arc::new(Atomics::default());
    let metrics = MetricsCtx::builder().handle(atomics.clone()).build();
    let mut store = Store::new(&engine, Recorded::new(metrics, ()));
    store.set_epoch_deadline(u64::MAX / 2);
    drain_along(&mut store);
    drain_at_ticks(&mut store, |_| Ok(UpdateDeadline::Continue(1)));
    let instance = guest.instantiate(&mut store)?;
    let main = main_of(&mut store, &instance)?;
    Ok(Box::new(Embedded {
        store,
        main,
        atomics,
    }))
}

struct Embedded {
    store: Store<Recorded<()>>,
    main: Main,
    atomics: Arc<Atomics>,
}

impl Work for Embedded {
    fn run(&mut self) -> Result<()> {
        let (result,) = self.main.call(&mut self.store, ())?;
        result.map_err(|()| "the guest failed".into())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(self.atomics.arrived())
    }
}
