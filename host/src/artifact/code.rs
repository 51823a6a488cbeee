//! Machine code: the one module with `unsafe`.
//!
//! # Contract
//!
//! Two things here are unsafe in wasmtime, and this is what makes them sound.
//!
//! **Code that was compiled elsewhere is executed.** wasmtime looks at its version
//! and settings, and not at the code. A [`Code`] is therefore made in three places
//! only, all in this module's parent: where it was just compiled, in this process or
//! in a child that this process started, and where it was authenticated with a key
//! that nobody else has. The constructor is visible there and nowhere else.
//!
//! **The sink loads and stores native memory.** It takes the address of the store's
//! data, and reads and writes within its first bytes
//! whatever the guest does: it looks at how much is in use before each store, and
//! it alone can be given the intrinsics, since guests that import anything under
//! its private namespace are refused, and the composition's import has no other user.
//! The data must be a [`Recording`], which begins with the ring: so code with the
//! sink is a [`SinkComponent`], and that links into stores of that type alone. Its
//! layout is asserted where it is declared, and is part of the key under which code
//! is kept.
#![allow(unsafe_code, reason = "the contract above")]

use wasmtime::component::Component;
#[cfg(feature = "runner")]
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{CodeBuilder, Engine};

#[cfg(feature = "runner")]
use crate::inline::{Drain, INTRINSICS, Recording};

/// Machine code that may be executed.
pub(crate) struct Code {
    bytes: Vec<u8>,
    with_sink: bool,
}

impl Code {
    /// Compiles a component. If it was composed with the sink, that is given its
    /// intrinsics.
    pub(super) fn compile(
        engine: &Engine,
        component: &[u8],
        with_sink: bool,
    ) -> wasmtime::Result<Self> {
        let mut builder = CodeBuilder::new(engine);
        #[cfg(feature = "runner")]
        if with_sink {
            // SAFETY: the sink alone imports them, and uses them as the contract of
            // this module says; `SinkComponent` sees to the type of the store.
            unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
        }
        builder.wasm_binary(component, None)?;
        Ok(Self {
            bytes: builder.compile_component_serialized()?,
            with_sink,
        })
    }

    /// Code that [`compile`](Self::compile) has made, in this process, in a child of
    /// it, or before; the caller knows that not a bit of it has changed.
    pub(super) fn known(bytes: Vec<u8>, with_sink: bool) -> Self {
        Self { bytes, with_sink }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Loads code that was compiled without the sink.
    pub(super) fn plain(&self, engine: &Engine) -> wasmtime::Result<Component> {
        wasmtime::ensure!(!self.with_sink, "this code was compiled with the sink");
        self.load(engine)
    }

    /// Loads code that was compiled with the sink.
    #[cfg(feature = "runner")]
    pub(super) fn sink(&self, engine: &Engine) -> wasmtime::Result<SinkComponent> {
        wasmtime::ensure!(self.with_sink, "this code was compiled without the sink");
        Ok(SinkComponent(self.load(engine)?))
    }

    fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: whoever made a `Code` knows that `compile` has made its bytes.
        unsafe { Component::deserialize(engine, &self.bytes) }
    }
}

/// A component that was compiled with the sink. It runs in stores with a ring, and
/// must never run in others: so it is not handed out.
#[cfg(feature = "runner")]
#[derive(Clone)]
pub(crate) struct SinkComponent(Component);

#[cfg(feature = "runner")]
impl SinkComponent {
    pub(crate) fn instantiate_pre<S: Drain>(
        &self,
        linker: &Linker<Recording<S>>,
    ) -> wasmtime::Result<InstancePre<Recording<S>>> {
        linker.instantiate_pre(&self.0)
    }
}
