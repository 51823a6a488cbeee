//! Generated bindings of the host's side of `wit/`. Only this file generates code.

wasmtime::component::bindgen!({
    path: "src/wit",
    world: "solti:metrics/imports",
});

pub(crate) use self::solti::metrics::{backend, types};
