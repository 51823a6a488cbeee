use std::fs;

use super::Which;
use crate::bench::Result;
use crate::bench::synthetic::one_function;
use crate::guest::component;
use crate::reference_tool::ReferenceTool;

/// The components and their names.
pub(super) fn components(which: Which) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let (functions, bytes) = match which {
        Which::Large => (50_000, 900 << 10),
        Which::Small => (100, 10 << 10),
    };
    let mut components = vec![
        ("empty functions", empty_functions(functions)?),
        ("one function", one_function(bytes)?),
    ];
    if which == Which::Large {
        components.insert(0, ("CPython", python()?));
    }
    Ok(components)
}

/// The largest example: an interpreter with its library.
fn python() -> Result<Vec<u8>> {
    match ReferenceTool::example("python", "reporter") {
        ReferenceTool::Here(file) => Ok(fs::read(file)?),
        ReferenceTool::Skip(reason) | ReferenceTool::Fail(reason) => Err(reason.into()),
    }
}

fn empty_functions(count: usize) -> Result<Vec<u8>> {
    let functions = "(func)".repeat(count);
    let core = format!(
        r#"(module {functions}
            (func (export "wasi:cli/run@0.2.12#run") (result i32) (i32.const 0)))"#
    );
    Ok(component(&core)?)
}
