//! Compilation in the current process.

use wasmtime::Engine;

use super::address::CodeKind;
use super::compiler::NotCompiled;
use crate::bounds::bound_types;
use crate::code::Code;
use crate::component::needed_proposals;
use crate::contained::contained;

/// Compiles a component, and composes it with the shim before if the kind says so.
///
/// wasmtime's validator panics at some valid components: that counts as an error of the component.
pub(super) fn compile(
    engine: &Engine,
    kind: CodeKind,
    component: &[u8],
) -> Result<Code<'static>, NotCompiled> {
    bound_types(component).map_err(NotCompiled::FixedLimit)?;
    let done = match kind {
        CodeKind::Plain => contained(|| Code::compile(engine, component, kind)),
        #[cfg(feature = "runner")]
        CodeKind::WithShim => {
            let composed = composed(component).map_err(NotCompiled::NotComposed)?;
            contained(|| Code::compile(engine, &composed, kind))
        }
    };
    match done {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(error)) => Err(match NotCompiled::of(&error) {
            NotCompiled::Refused(reason) => match needed_proposals(component) {
                Some(proposals) => NotCompiled::Proposals(proposals),
                None => NotCompiled::Refused(reason),
            },
            not => not,
        }),
        Err(panic) => Err(NotCompiled::Refused(format!(
            "the compiler panicked: {panic}"
        ))),
    }
}

#[cfg(feature = "runner")]
fn composed(component: &[u8]) -> Result<Vec<u8>, String> {
    let inspection = crate::component::Inspection::of("it", component);
    let inspection = inspection.map_err(|error| error.to_string())?;
    crate::inline::with_shim(&inspection, component)
}
