//! The function `exit` of `wasi:cli/exit`, with which many programs end.

use wasmtime::component::Linker;
use wasmtime::{Error, OutOfMemory, StoreContextMut};

use super::state::TaskData;

/// Defines `exit` of this version, and shadows the definition of wasmtime.
///
/// Only an error can end a call of a guest. The error of wasmtime's own `exit` captures a backtrace
/// of the host if `RUST_BACKTRACE` is set, which takes the time of ten tasks. So the store keeps
/// the code, and the error is the only one of wasmtime that neither allocates nor captures a
/// backtrace.
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
