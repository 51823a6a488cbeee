//! Code with the shim.

use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{CodeBuilder, Engine};

use crate::inline::{INTRINSICS, StartsWithRing};

/// A component that was compiled with the shim. Such a component runs in stores with a ring, and
/// must never run in others: so this type does not expose the component.
#[derive(Clone)]
pub(crate) struct ShimComponent(Component);

impl ShimComponent {
    /// Compiles a component that was composed with the shim.
    pub(crate) fn compile(engine: &Engine, composed: &[u8]) -> wasmtime::Result<Self> {
        with_intrinsics(engine, composed)?
            .compile_component()
            .map(Self)
    }

    /// Compiles a component that has no shim, and may run in any store.
    pub(crate) fn compile_without_shim(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Self> {
        Component::from_binary(engine, bytes).map(Self)
    }

    /// Wraps code that is known to be compiled with the shim.
    #[cfg(feature = "runner")]
    pub(super) fn of_code(component: Component) -> Self {
        Self(component)
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.0.engine()
    }

    pub(crate) fn instantiate_pre<D: StartsWithRing>(
        &self,
        linker: &Linker<D>,
    ) -> wasmtime::Result<InstancePre<D>> {
        const { assert!(D::RING_OFFSET == 0) };
        linker.instantiate_pre(&self.0)
    }
}

/// A compilation in which the shim is given the intrinsics.
pub(super) fn with_intrinsics<'a>(
    engine: &'a Engine,
    composed: &'a [u8],
) -> wasmtime::Result<CodeBuilder<'a>> {
    let mut builder = CodeBuilder::new(engine);
    // SAFETY: the shim alone imports the intrinsics, and uses them as the contract of this module
    // says; `ShimComponent` ensures the type of the store, and the shim checks it.
    unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
    builder.wasm_binary(composed, None)?;
    Ok(builder)
}
