//! Code that was compiled in this process, or is known to be the same.

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use wasmtime::component::Component;
use wasmtime::{CodeBuilder, Engine};

#[cfg(feature = "runner")]
use super::shim::{ShimComponent, with_intrinsics};
use crate::artifact::CodeKind;

/// Machine code that may be executed.
pub(crate) struct Code<'a> {
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
    pub(crate) fn compile(
        engine: &Engine,
        component: &[u8],
        kind: CodeKind,
    ) -> wasmtime::Result<Self> {
        let builder = match kind {
            CodeKind::Plain => {
                let mut builder = CodeBuilder::new(engine);
                builder.wasm_binary(component, None)?;
                builder
            }
            #[cfg(feature = "runner")]
            CodeKind::WithShim => with_intrinsics(engine, component)?,
        };
        Ok(Self {
            at: CodeLocation::Memory(builder.compile_component_serialized()?.into()),
            kind,
        })
    }
}

impl<'a> Code<'a> {
    /// Wraps code that [`compile`](Code::compile) made as this kind, in another process or at
    /// another time. The caller ensures that not a bit of the code has changed since.
    pub(crate) fn known(bytes: impl Into<Cow<'a, [u8]>>, kind: CodeKind) -> Self {
        Self {
            at: CodeLocation::Memory(bytes.into()),
            kind,
        }
    }

    /// Wraps code at the start of a file. The caller ensures that not a bit of the code changes
    /// while the file is open or mapped.
    pub(crate) fn known_file(file: File, kind: CodeKind) -> Self {
        let at = CodeLocation::File(file);
        Self { at, kind }
    }

    /// Bytes of the code, if they are in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match &self.at {
            CodeLocation::Memory(bytes) => Some(bytes),
            CodeLocation::File(_) => None,
        }
    }

    /// Loads code that was compiled without the shim.
    pub(crate) fn plain(&self, engine: &Engine) -> wasmtime::Result<Component> {
        wasmtime::ensure!(
            self.kind == CodeKind::Plain,
            "this code was compiled with the shim"
        );
        self.load(engine)
    }

    /// Loads code that was compiled with the shim.
    #[cfg(feature = "runner")]
    pub(crate) fn shim(&self, engine: &Engine) -> wasmtime::Result<ShimComponent> {
        wasmtime::ensure!(
            self.kind == CodeKind::WithShim,
            "this code was compiled without the shim"
        );
        Ok(ShimComponent::of_code(self.load(engine)?))
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
