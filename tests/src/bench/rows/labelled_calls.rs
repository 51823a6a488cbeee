//! A guest whose import finds series by their labels' values.

use wasmtime::component::{Component, ComponentNamedList, Lift, Linker};
use wasmtime::{Store, StoreContextMut};

use super::guest::{Main, engine, main_of};
use super::labelled::Labelled;
use crate::bench::{Arrived, Result, Work};

/// The functions that generated bindings would call.
pub(super) type Record<P> = fn(StoreContextMut<'_, Labelled>, P) -> wasmtime::Result<()>;

/// `guest` as text; it imports `record` from `metrics`.
pub(super) fn calls<P>(guest: &str, record: Record<P>) -> Result<Box<dyn Work>>
where
    P: ComponentNamedList + Lift + 'static,
{
    let engine = engine()?;
    let component = Component::from_binary(&engine, &wat::parse_str(guest)?)?;
    let mut linker = Linker::new(&engine);
    linker.instance("metrics")?.func_wrap("record", record)?;
    let mut store = Store::new(&engine, Labelled::new()?);
    let instance = linker.instantiate(&mut store, &component)?;
    let main = main_of(&mut store, &instance)?;
    Ok(Box::new(Calls { store, main }))
}

struct Calls {
    store: Store<Labelled>,
    main: Main,
}

impl Work for Calls {
    fn run(&mut self) -> Result<()> {
        let (result,) = self.main.call(&mut self.store, ())?;
        result.map_err(|()| "the guest failed".into())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.store.data().arrived()
    }
}
