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
//! `artifact/engine.rs` and `artifact/cache.rs` alone, with bytes of three kinds: those that a process has
//! answered which this process started, of the program that its embedder has named;
//! those of a cache; and those of a precompiled file. The latter two were authenticated
//! by `artifact/sealed.rs` with a key that nobody else has, and are of the very name that
//! code of this component, kind, engine and version has. Those of a precompiled file are
//! loaded from the memory in which they were authenticated. Those of a cache are mapped
//! from the open file that was authenticated, [`Code::known_file`]: the cache writes each
//! file once, before it has its name, and only its owner can reach into its folder, who
//! could as well write into this process.
//!
//! **The shim loads and stores native memory.** It takes the address of the store's
//! data, and reads and writes within the ring that lies there, whatever the guest and
//! the host do: it looks at how much is in use before each store. It alone can be given
//! the intrinsics, since guests that import anything under its private namespace are
//! refused, and the composition's import has no other user.
//! The data must be a [`Recording`], which begins with the ring: so code with the
//! shim is a [`ShimComponent`], and that links into stores of that type alone. Its
//! layout is asserted where it is declared, and is part of the name under which code
//! is kept, as is whether there is a shim in it at all.
#![allow(unsafe_code, reason = "the contract above")]

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use wasmtime::component::Component;
#[cfg(feature = "runner")]
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{CodeBuilder, Engine};

use super::address::Kind;
#[cfg(feature = "runner")]
use crate::inline::{Drain, INTRINSICS, Recording};

/// Machine code that may be executed.
pub(super) struct Code<'a> {
    at: Place<'a>,
    kind: Kind,
}

/// Where it is.
enum Place<'a> {
    Memory(Cow<'a, [u8]>),
    /// At the beginning of a file, from where it is mapped.
    File(File),
}

impl Code<'static> {
    /// Compiles a component. If it was composed with the shim, that is given its
    /// intrinsics.
    pub(super) fn compile(engine: &Engine, component: &[u8], kind: Kind) -> wasmtime::Result<Self> {
        let mut builder = CodeBuilder::new(engine);
        #[cfg(feature = "runner")]
        if kind == Kind::WithShim {
            // SAFETY: the shim alone imports them, and uses them as the contract of
            // this module says; `ShimComponent` sees to the type of the store.
            unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
        }
        builder.wasm_binary(component, None)?;
        Ok(Self {
            at: Place::Memory(builder.compile_component_serialized()?.into()),
            kind,
        })
    }
}

impl<'a> Code<'a> {
    /// Code that [`compile`](Code::compile) has made as this kind, in another process or
    /// at another time; the caller knows that not a bit of it has changed since.
    pub(super) fn known(bytes: impl Into<Cow<'a, [u8]>>, kind: Kind) -> Self {
        Self {
            at: Place::Memory(bytes.into()),
            kind,
        }
    }

    /// The same in a file that begins with it, of which not a bit will change as long as
    /// anybody has it open or mapped.
    pub(super) fn known_file(file: File, kind: Kind) -> Self {
        let at = Place::File(file);
        Self { at, kind }
    }

    /// Its bytes, if they are in memory.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.at {
            Place::Memory(bytes) => Some(bytes),
            Place::File(_) => None,
        }
    }

    /// Loads code that was compiled without the shim.
    pub(super) fn plain(&self, engine: &Engine) -> wasmtime::Result<Component> {
        wasmtime::ensure!(
            self.kind == Kind::Plain,
            "this code was compiled with the sink"
        );
        self.load(engine)
    }

    /// Loads code that was compiled with the shim.
    #[cfg(feature = "runner")]
    pub(super) fn shim(&self, engine: &Engine) -> wasmtime::Result<ShimComponent> {
        wasmtime::ensure!(
            self.kind == Kind::WithShim,
            "this code was compiled without the sink"
        );
        Ok(ShimComponent(self.load(engine)?))
    }

    fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        match &self.at {
            // SAFETY: whoever made a `Code` knows that `compile` has made its bytes.
            Place::Memory(bytes) => unsafe { Component::deserialize(engine, bytes) },
            Place::File(file) => {
                // The name of the file that is open, whatever is at its path by now.
                let open = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
                if !open.exists() {
                    // `/proc` is not mounted. What is copied is what would be mapped.
                    let mut bytes = Vec::new();
                    let size = usize::try_from(file.metadata()?.len())?;
                    bytes.try_reserve_exact(size)?;
                    bytes.resize(size, 0);
                    file.read_exact_at(&mut bytes, 0)?;
                    // SAFETY: the same as from its file.
                    return unsafe { Component::deserialize(engine, bytes) };
                }
                // SAFETY: the same, and nobody writes to it.
                unsafe { Component::deserialize_file(engine, open) }
            }
        }
    }
}

/// A component that was compiled with the shim. It runs in stores with a ring, and
/// must never run in others: so it is not handed out.
#[cfg(feature = "runner")]
#[derive(Clone)]
pub(crate) struct ShimComponent(Component);

#[cfg(feature = "runner")]
impl ShimComponent {
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
