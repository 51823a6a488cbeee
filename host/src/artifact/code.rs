//! Machine code: the one module with `unsafe`.
//!
//! # Contract
//!
//! Two things here are unsafe in wasmtime, and this is what makes them sound.
//!
//! **Code that was compiled elsewhere is executed.** wasmtime looks at its version
//! and settings, and not at the code: of what has been changed since, most runs as if
//! nothing had happened, and does something else. A [`Code`] is therefore made in two
//! ways only. [`Code::compile`] makes it in this process. [`Code::known`] takes it from
//! elsewhere. It is visible in this module's parent and below, and called in
//! `artifact/engine.rs` alone, with bytes of three kinds: those that a process has
//! answered which this process started, of the program that its embedder has named;
//! those of a cache; and those of a precompiled file. The latter two were authenticated
//! by `artifact/sealed.rs` with a key that nobody else has, in memory, and are of the
//! very name that code of this component, kind, engine and version has. The bytes that
//! are loaded are those that were authenticated: nothing is read twice.
//!
//! **The sink loads and stores native memory.** It takes the address of the store's
//! data, and reads and writes within the ring that lies there, whatever the guest and
//! the host do: it looks at how much is in use before each store. It alone can be given
//! the intrinsics, since guests that import anything under its private namespace are
//! refused, and the composition's import has no other user.
//! The data must be a [`Recording`], which begins with the ring: so code with the
//! sink is a [`SinkComponent`], and that links into stores of that type alone. Its
//! layout is asserted where it is declared, and is part of the name under which code
//! is kept, as is whether there is a sink in it at all.
#![allow(unsafe_code, reason = "the contract above")]

use std::borrow::Cow;

use wasmtime::component::Component;
#[cfg(feature = "runner")]
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{CodeBuilder, Engine};

use super::address::Kind;
#[cfg(feature = "runner")]
use crate::inline::{Drain, INTRINSICS, Recording};

/// Machine code that may be executed.
pub(super) struct Code<'a> {
    bytes: Cow<'a, [u8]>,
    kind: Kind,
}

impl Code<'static> {
    /// Compiles a component. If it was composed with the sink, that is given its
    /// intrinsics.
    pub(super) fn compile(engine: &Engine, component: &[u8], kind: Kind) -> wasmtime::Result<Self> {
        let mut builder = CodeBuilder::new(engine);
        #[cfg(feature = "runner")]
        if kind == Kind::WithSink {
            // SAFETY: the sink alone imports them, and uses them as the contract of
            // this module says; `SinkComponent` sees to the type of the store.
            unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
        }
        builder.wasm_binary(component, None)?;
        Ok(Self {
            bytes: builder.compile_component_serialized()?.into(),
            kind,
        })
    }
}

impl<'a> Code<'a> {
    /// Code that [`compile`](Code::compile) has made as this kind, in another process or
    /// at another time; the caller knows that not a bit of it has changed since.
    pub(super) fn known(bytes: impl Into<Cow<'a, [u8]>>, kind: Kind) -> Self {
        Self {
            bytes: bytes.into(),
            kind,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Loads code that was compiled without the sink.
    pub(super) fn plain(&self, engine: &Engine) -> wasmtime::Result<Component> {
        wasmtime::ensure!(
            self.kind == Kind::Plain,
            "this code was compiled with the sink"
        );
        self.load(engine)
    }

    /// Loads code that was compiled with the sink.
    #[cfg(feature = "runner")]
    pub(super) fn sink(&self, engine: &Engine) -> wasmtime::Result<SinkComponent> {
        wasmtime::ensure!(
            self.kind == Kind::WithSink,
            "this code was compiled without the sink"
        );
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
    pub(crate) fn engine(&self) -> &Engine {
        self.0.engine()
    }

    pub(crate) fn instantiate_pre<S: Drain>(
        &self,
        linker: &Linker<Recording<S>>,
    ) -> wasmtime::Result<InstancePre<Recording<S>>> {
        linker.instantiate_pre(&self.0)
    }
}
