use wasmtime::Engine;
use wasmtime::component::Linker;

use super::exit;
use super::state::TaskData;
use crate::wasi::{limit_asynchronous_files, limit_files};

/// Functions that tasks may call on the engine for component-model async, which include WASI 0.3.
pub(super) fn linker_of_both(engine: &Engine) -> wasmtime::Result<Linker<TaskData>> {
    let mut linker = linker(engine)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    limit_asynchronous_files(&mut linker)?;
    exit::add_to_linker(&mut linker, "0.3.0")?;
    Ok(linker)
}

/// Functions that every task may call: WASI 0.2, and the metrics in either recording mode.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<TaskData>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    limit_files(&mut linker)?;
    exit::add_to_linker(&mut linker, "0.2.12")?;
    crate::add_to_linker(&mut linker, TaskData::called_metrics)?;
    crate::inline::define(&mut linker)?;
    Ok(linker)
}
