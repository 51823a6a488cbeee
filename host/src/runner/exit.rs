//! Leaving through `wasi:cli/exit`, which is how many a program ends.

use wasmtime::component::Linker;
use wasmtime::{Error, OutOfMemory, StoreContextMut};

use super::state::TaskData;

/// Defines `exit` in the place of WASI's own, of this version.
///
/// Only an error can end a call of a guest. WASI's own is one like any other: it captures
/// a backtrace of the host where `RUST_BACKTRACE` is set, which takes the time of ten
/// tasks. So the code is noted in the store, and the error is the one of wasmtime's that
/// is neither allocated nor captures anything.
pub(super) fn add_to_linker(linker: &mut Linker<TaskData>, version: &str) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut exit = linker.instance(&format!("wasi:cli/exit@{version}"))?;
    exit.func_wrap("exit", |store, (status,): (Result<(), ()>,)| {
        leave(store, i32::from(status.is_err()))
    })?;
    exit.func_wrap("exit-with-code", |store, (code,): (u8,)| {
        leave(store, i32::from(code))
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

fn leave(mut store: StoreContextMut<'_, TaskData>, code: i32) -> wasmtime::Result<()> {
    store.data_mut().exits(code);
    Err(Error::from(OutOfMemory::new(1)))
}
