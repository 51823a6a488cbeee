use wasmtime::Engine;
use wasmtime::component::Component;

use super::{LoadError, contained, one_line, printable};

/// Compiles a component. There are valid ones at which wasmtime's validator
/// panics: that is an error of theirs like others.
pub(crate) fn compile(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Component, LoadError> {
    let reason = match contained(|| Component::from_binary(engine, bytes)) {
        Ok(Ok(component)) => return Ok(component),
        Ok(Err(error)) => one_line(&error),
        Err(panic) => format!("the compiler gave up at it: {panic}"),
    };
    Err(LoadError::Compile {
        name: printable(name),
        reason,
    })
}
