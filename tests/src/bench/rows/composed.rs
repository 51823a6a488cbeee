//! A guest and a provider as one component, which needs no metrics host.

use solti_metrics_host::compose::{Part, compose};
use wasmtime::Store;
use wasmtime::component::{Component, Linker, TypedFunc};

use super::adder::{adder, expose_of, told};
use super::guest::{BACKEND, Main, main_of, recording, runner_engine};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

pub(super) fn composed(records: u32) -> Result<Box<dyn Work>> {
    let (guest, provider) = (component(&recording(BACKEND, records))?, adder()?);
    let part = |name, bytes| Part { name, bytes };
    let composed = compose(&[part("guest", &guest), part("adder", &provider)])?;

    let engine = runner_engine()?;
    let component = Component::from_binary(&engine, &composed.bytes)?;
    let mut store = Store::new(&engine, ());
    store.set_epoch_deadline(u64::MAX / 2);
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    Ok(Box::new(Composed {
        main: main_of(&mut store, &instance)?,
        expose: expose_of(&mut store, &instance)?,
        store,
    }))
}

struct Composed {
    store: Store<()>,
    main: Main,
    expose: TypedFunc<(), (String,)>,
}

impl Work for Composed {
    fn run(&mut self) -> Result<()> {
        let (result,) = self.main.call(&mut self.store, ())?;
        result.map_err(|()| "the guest failed".into())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        let (exposed,) = self.expose.call(&mut self.store, ())?;
        told(&exposed)
    }
}
