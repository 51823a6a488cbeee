//! The `main` of a program, of WASI 0.2 or 0.3.

use wasmtime::component::{ComponentExportIndex, InstancePre, TypedFunc};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::bindings::{Command, CommandPre};

use super::state::TaskData;
use crate::component::{Inspection, Interface};

/// A linked program, and its `main` function.
#[derive(Clone)]
pub(super) enum ProgramEntry {
    /// `main` of WASI 0.2.
    Sync(CommandPre<TaskData>),
    /// `main` of WASI 0.3, which can wait without blocking other functions of the guest.
    Async {
        linked: InstancePre<TaskData>,
        main: ComponentExportIndex,
    },
}

/// The `main` of one task.
pub(super) enum Main {
    Sync(Command),
    Async(AsyncMain),
}

type AsyncMain = TypedFunc<(), (Result<(), ()>,)>;

impl ProgramEntry {
    /// Finds `main`. If a program exports both versions, the newer one is used.
    pub(super) fn new(
        linked: InstancePre<TaskData>,
        inspection: &Inspection,
    ) -> wasmtime::Result<Self> {
        let mut exports = inspection.exports.iter();
        let Some(export) = exports.find(|export| export.is_async_main()) else {
            return CommandPre::new(linked).map(Self::Sync);
        };
        let main = main_of(&linked, export);
        let main = main.ok_or_else(|| wasmtime::format_err!("`{export}` has no `run`"))?;
        Ok(Self::Async { linked, main })
    }

    pub(super) fn engine(&self) -> &Engine {
        match self {
            Self::Sync(command) => command.engine(),
            Self::Async { linked, .. } => linked.engine(),
        }
    }

    pub(super) async fn instantiate(&self, store: &mut Store<TaskData>) -> wasmtime::Result<Main> {
        match self {
            Self::Sync(command) => command.instantiate_async(store).await.map(Main::Sync),
            Self::Async { linked, main } => {
                let instance = linked.instantiate_async(&mut *store).await?;
                instance.get_typed_func(store, main).map(Main::Async)
            }
        }
    }
}

fn main_of(linked: &InstancePre<TaskData>, export: &Interface) -> Option<ComponentExportIndex> {
    let component = linked.component();
    let interface = component.get_export_index(None, export.name())?;
    component.get_export_index(Some(&interface), "run")
}

impl Main {
    /// Calls `main`. The exit code is 0 for success, or 1.
    ///
    /// A `main` of WASI 0.3 that waits for an event that can never come is an error: nothing else
    /// would end it. Work that is left when `main` returns is not done.
    pub(super) async fn call(&self, store: &mut Store<TaskData>) -> wasmtime::Result<i32> {
        let main = match self {
            Self::Sync(command) => command.wasi_cli_run().call_run(store).await?,
            Self::Async(main) => main.call_async(store, ()).await?.0,
        };
        Ok(i32::from(main.is_err()))
    }
}
