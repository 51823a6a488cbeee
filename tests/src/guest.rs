//! Guests written by hand: core modules of a few lines, as components.
//!
//! `fixture-wit/` declares the possible imports and exports of such a module. Names are
//! those of the component model's flat ABI. A module imports `record-task-started` from
//! `solti:metrics/backend@0.1.0`. It exports `wasi:cli/run@0.2.12#run`, or
//! `[async-lift]wasi:cli/run@0.3.0#run` with its companions.

use std::mem;
use std::path::Path;

use anyhow::Result;
use solti_metrics::Event;
use solti_metrics_host::component::Inspection;
use wasm_encoder::{
    CodeSection, ComponentSection, Function, FunctionSection, Instruction, Module, ModuleSection,
    TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

use crate::write_call::write_call;

/// Makes a component from the text of a core module. The component has only the imports
/// and exports of the module.
///
/// # Errors
///
/// When the text is not a core module, or does not fit `fixture-wit/`.
pub fn component(core: &str) -> Result<Vec<u8>> {
    let exported = |interface: &str| {
        let names = ["\"", "[async-lift]"].map(|before| format!("{before}{interface}#"));
        names.iter().any(|name| core.contains(name))
    };
    of_module(wat::parse_str(core)?, exported)
}

/// Makes a program that records these events, in order, and succeeds.
///
/// # Errors
///
/// When an event belongs to a later version of the contract.
pub fn recording(events: &[Event]) -> Result<Vec<u8>> {
    let mut calls = String::new();
    for event in events {
        write_call(*event, &mut calls)?;
    }
    let from = "import \"solti:metrics/backend@0.1.0\"";
    component(&format!(
        r#"(module
        ({from} "record-task-started" (func $started (param i32)))
        ({from} "record-task-completed" (func $completed (param i32 i32 i64)))
        ({from} "record-runner-error" (func $error (param i32 i32)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
        {calls}
        (i32.const 0)))"#
    ))
}

/// Makes a component from a core module. `exported` selects the interfaces that the
/// module exports.
///
/// # Errors
///
/// When the bytes are not a core module, or do not fit `fixture-wit/`.
pub fn of_module(mut module: Vec<u8>, exported: impl Fn(&str) -> bool) -> Result<Vec<u8>> {
    let (resolve, world) = world_with(exported)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()
}

/// Adds an unused type to the component that only an engine with component-model async
/// accepts.
#[must_use]
pub fn asynchronous(component: &[u8]) -> Vec<u8> {
    // A section with one type: a stream without elements.
    [component, &[7, 3, 1, 0x66, 0]].concat()
}

/// Another build of the component: it does the same, and its bytes and its code in the
/// compilation cache are others.
#[must_use]
pub fn another_build(component: &[u8], number: usize) -> Vec<u8> {
    // A custom section: its id, its length, and a name without further content.
    let name = format!("build-{number:020}");
    let length = name.len() as u8;
    let section = [&[0, length + 1, length], name.as_bytes()].concat();
    [component, &section].concat()
}

/// Adds an unused core module to the component, which makes the component too large for
/// inlining. Its function has only declarations of no locals, which take two bytes each, so
/// that its compilation takes little time.
#[must_use]
pub fn large(component: &[u8]) -> Vec<u8> {
    let declarations = vec![(0, ValType::I32); (Inspection::INLINED_CODE_SIZE / 2) as usize];
    with_bodies(component, 1, &Function::new(declarations))
}

/// Adds an unused core module with this number of empty functions to the component.
#[must_use]
pub fn with_functions(component: &[u8], functions: u64) -> Vec<u8> {
    with_bodies(component, functions, &Function::new([]))
}

/// Adds an unused core module to the component, with this number of equal functions.
#[must_use]
pub fn with_bodies(component: &[u8], functions: u64, body: &Function) -> Vec<u8> {
    let mut body = body.clone();
    body.instruction(&Instruction::End);
    let (mut types, mut declared) = (TypeSection::new(), FunctionSection::new());
    let mut code = CodeSection::new();
    types.ty().function([], []);
    for _ in 0..functions {
        declared.function(0);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    let mut whole = component.to_vec();
    ModuleSection(&module).append_to_component(&mut whole);
    whole
}

/// The world of the fixtures, without the exports that this module lacks. A component may
/// omit imports, but never exports.
fn world_with(exported: impl Fn(&str) -> bool) -> Result<(Resolve, WorldId)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    resolve.push_dir(here.join("../wit"))?;
    let (package, _) = resolve.push_dir(here.join("fixture-wit"))?;
    let world = resolve.select_world(&[package], Some("fixture"))?;

    let mut exports = mem::take(&mut resolve.worlds[world].exports);
    exports.retain(|key, _| exported(&resolve.name_world_key(key)));
    resolve.worlds[world].exports = exports;
    Ok((resolve, world))
}
