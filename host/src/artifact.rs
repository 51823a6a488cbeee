//! How components become machine code.

mod code;

#[cfg(feature = "runner")]
pub(crate) use code::SinkComponent;

use code::Code;
use wasmtime::Engine;
use wasmtime::component::Component;

#[cfg(feature = "runner")]
use crate::sandbox::Inspection;
use crate::sandbox::{LoadError, contained, one_line, printable};

/// How components become machine code.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {}

/// A component that cannot be compiled with the sink.
#[cfg(feature = "runner")]
#[derive(Debug, thiserror::Error)]
pub(crate) enum SinkError {
    /// It cannot be composed; without the sink it may well be compiled.
    #[error("cannot be composed with the sink: {reason}")]
    NotComposed { reason: String },
    /// It was composed, and then it could not be compiled.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Artifacts {
    /// Compiles a component as it is.
    pub(crate) fn plain(
        &self,
        engine: &Engine,
        name: &str,
        bytes: &[u8],
    ) -> Result<Component, LoadError> {
        let code = compiled(engine, name, bytes, false)?;
        code.plain(engine).map_err(|error| unusable(name, &error))
    }

    /// Composes a guest with the sink, and compiles both together.
    #[cfg(feature = "runner")]
    pub(crate) fn with_sink(
        &self,
        engine: &Engine,
        name: &str,
        inspection: &Inspection,
        bytes: &[u8],
    ) -> Result<SinkComponent, SinkError> {
        let composed = crate::inline::with_sink(inspection, bytes)
            .map_err(|reason| SinkError::NotComposed { reason })?;
        let code = compiled(engine, name, &composed, true)?;
        Ok(code.sink(engine).map_err(|error| unusable(name, &error))?)
    }
}

/// Compiles in this process. There are valid components at which wasmtime's
/// validator panics: that is an error of theirs like others.
fn compiled(engine: &Engine, name: &str, bytes: &[u8], with_sink: bool) -> Result<Code, LoadError> {
    let reason = match contained(|| Code::compile(engine, bytes, with_sink)) {
        Ok(Ok(code)) => return Ok(code),
        Ok(Err(error)) => one_line(&error),
        Err(panic) => format!("the compiler gave up at it: {panic}"),
    };
    Err(LoadError::Compile {
        name: printable(name),
        reason,
    })
}

fn unusable(name: &str, error: &wasmtime::Error) -> LoadError {
    LoadError::Compile {
        name: printable(name),
        reason: one_line(error),
    }
}
