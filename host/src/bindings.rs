//! The only file that generates code: the host's side of `wit/`.

wasmtime::component::bindgen!({
    path: "src/wit",
    world: "solti:metrics/imports",
});

pub(crate) use self::solti::metrics::{backend, types};
