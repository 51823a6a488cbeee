//! Machine code: the one module with `unsafe`.
//!
//! # Contract
//!
//! Two operations here are unsafe in wasmtime. This contract makes them sound.
//!
//! **Code that was compiled elsewhere is executed.** wasmtime checks its version and settings, and
//! not the code itself: most changed code runs without an error, and does something else. A
//! [`Code`] is therefore made in two ways only. [`Code::compile`] makes it in this process.
//! [`Code::known`] takes it from elsewhere. That function is visible in this module's parent and
//! below, and called in `artifact/engine.rs` and `artifact/cache.rs` alone, with bytes of three
//! kinds. The first kind is the answer of a process that this process started, of the program that
//! its embedder named. The second kind is from a cache, and the third from a precompiled file. The
//! latter two were authenticated by `artifact/sealed.rs` with a secret key, and have the same name
//! as code of this component, kind, engine and version. Bytes of a precompiled file are loaded from
//! the memory in which they were authenticated. Bytes of a cache are mapped from the open file that
//! was authenticated, [`Code::known_file`]. The cache writes each file once, before the file has
//! its name. Only its owner can access its folder, and the owner could as well write into this
//! process.
//!
//! **The shim loads and stores native memory.** It takes the address of the store's data, and reads
//! and writes within the ring that lies there, for any behavior of the guest and the host: it
//! checks how much is in use before each store. The intrinsics are given to the shim alone. Guests
//! that import anything under its private namespace are rejected, and the composition's import has
//! no other user. The data must be a [`Recording`], which starts with the ring: so code with the
//! shim is a [`ShimComponent`], and that links into stores of that type alone. The layout of the
//! ring is asserted where it is declared, and is part of the name under which code is cached. The
//! name also includes whether the code contains a shim.
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

use super::address::CodeKind;
#[cfg(feature = "runner")]
use crate::inline::{Drain, INTRINSICS, Recording};

/// Machine code that may be executed.
pub(super) struct Code<'a> {
    at: CodeLocation<'a>,
    kind: CodeKind,
}

/// Location of the code.
enum CodeLocation<'a> {
    Memory(Cow<'a, [u8]>),
    /// At the start of a file, from which the code is mapped.
    File(File),
}

impl Code<'static> {
    /// Compiles a component. A component that was composed with the shim is given the intrinsics.
    pub(super) fn compile(
        engine: &Engine,
        component: &[u8],
        kind: CodeKind,
    ) -> wasmtime::Result<Self> {
        let mut builder = CodeBuilder::new(engine);
        #[cfg(feature = "runner")]
        if kind == CodeKind::WithShim {
            // SAFETY: the shim alone imports the intrinsics, and uses them as the contract of this
            // module says; `ShimComponent` ensures the type of the store.
            unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
        }
        builder.wasm_binary(component, None)?;
        Ok(Self {
            at: CodeLocation::Memory(builder.compile_component_serialized()?.into()),
            kind,
        })
    }
}

impl<'a> Code<'a> {
    /// Wraps code that [`compile`](Code::compile) made as this kind, in another process or at
    /// another time. The caller ensures that not a bit of the code has changed since.
    pub(super) fn known(bytes: impl Into<Cow<'a, [u8]>>, kind: CodeKind) -> Self {
        Self {
            at: CodeLocation::Memory(bytes.into()),
            kind,
        }
    }

    /// Wraps code at the start of a file. The caller ensures that not a bit of the code changes
    /// while the file is open or mapped.
    pub(super) fn known_file(file: File, kind: CodeKind) -> Self {
        let at = CodeLocation::File(file);
        Self { at, kind }
    }

    /// Bytes of the code, if they are in memory.
    pub(super) fn bytes(&self) -> Option<&[u8]> {
        match &self.at {
            CodeLocation::Memory(bytes) => Some(bytes),
            CodeLocation::File(_) => None,
        }
    }

    /// Loads code that was compiled without the shim.
    pub(super) fn plain(&self, engine: &Engine) -> wasmtime::Result<Component> {
        wasmtime::ensure!(
            self.kind == CodeKind::Plain,
            "this code was compiled with the shim"
        );
        self.load(engine)
    }

    /// Loads code that was compiled with the shim.
    #[cfg(feature = "runner")]
    pub(super) fn shim(&self, engine: &Engine) -> wasmtime::Result<ShimComponent> {
        wasmtime::ensure!(
            self.kind == CodeKind::WithShim,
            "this code was compiled without the shim"
        );
        Ok(ShimComponent(self.load(engine)?))
    }

    fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        match &self.at {
            // SAFETY: the caller that made this `Code` ensures that `compile` made its bytes.
            CodeLocation::Memory(bytes) => unsafe { Component::deserialize(engine, bytes) },
            CodeLocation::File(file) => {
                // Name of the open file, even if its path names another file by now.
                let open = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
                if !open.exists() {
                    // `/proc` is not mounted: copy the bytes that would be mapped.
                    let mut bytes = Vec::new();
                    let size = usize::try_from(file.metadata()?.len())?;
                    bytes.try_reserve_exact(size)?;
                    bytes.resize(size, 0);
                    file.read_exact_at(&mut bytes, 0)?;
                    // SAFETY: the same as for bytes in memory, since the file does not change.
                    return unsafe { Component::deserialize(engine, bytes) };
                }
                // SAFETY: the same as for bytes in memory, and no process writes to the file.
                unsafe { Component::deserialize_file(engine, open) }
            }
        }
    }
}

/// A component that was compiled with the shim. Such a component runs in stores with a ring, and
/// must never run in others: so this type does not expose the component.
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
