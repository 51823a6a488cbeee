//! Proposals for WebAssembly that this host does not support.

use wasmparser::{Validator, WasmFeatures};

use crate::contained::contained;

/// Proposals with their names in messages. Exceptions would slow every record down: with them
/// wasmtime wraps each call between components in a handler, so that an inlined record takes 6.5 ns
/// instead of 2.2. Garbage collection would need a separate heap, and the limiter is not asked
/// about shared memories.
const LACKING: [(WasmFeatures, &str); 20] = [
    (WasmFeatures::EXCEPTIONS, "exceptions"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exceptions"),
    (WasmFeatures::GC_TYPES, "garbage collection"),
    (WasmFeatures::THREADS, "threads"),
    (
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        "shared-everything threads",
    ),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::MEMORY_CONTROL, "memory control"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide arithmetic"),
    (WasmFeatures::CUSTOM_DESCRIPTORS, "custom descriptors"),
    (WasmFeatures::COMPACT_IMPORTS, "compact imports"),
    (WasmFeatures::CM_VALUES, "component values"),
    (WasmFeatures::CM_NESTED_NAMES, "nested component names"),
    (WasmFeatures::CM_ASYNC_STACKFUL, "stackful async functions"),
    (
        WasmFeatures::CM_MORE_ASYNC_BUILTINS,
        "further async built-in functions",
    ),
    (WasmFeatures::CM_THREADING, "component threads"),
    (WasmFeatures::CM_ERROR_CONTEXT, "error contexts"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "fixed-length lists"),
    (WasmFeatures::CM_MAP, "maps"),
    (WasmFeatures::CM64, "64-bit component functions"),
];

/// All proposals of the list.
fn lacking() -> WasmFeatures {
    let each = LACKING.iter().map(|(proposal, _)| *proposal);
    each.fold(WasmFeatures::empty(), WasmFeatures::union)
}

/// Proposals that a component needs which does not compile; `None` if it has another fault.
///
/// The function validates the component once for each proposal, so call it where compiling is
/// bounded.
pub(crate) fn needed(component: &[u8]) -> Option<String> {
    let all = WasmFeatures::all();
    if is_valid(component, all.difference(lacking())) || !is_valid(component, all) {
        return None;
    }
    let needed = LACKING
        .iter()
        .filter(|(proposal, _)| !is_valid(component, all.difference(*proposal)));
    let mut names: Vec<_> = needed.map(|(_, name)| *name).collect();
    // Values of other proposals are garbage collected too, and that is not the cause.
    if names.len() > 1 {
        names.retain(|name| *name != "garbage collection");
    }
    match names.is_empty() {
        // The component needs one of several.
        true => Some("a combination of proposals".to_owned()),
        false => Some(names.join(", ")),
    }
}

fn is_valid(component: &[u8], features: WasmFeatures) -> bool {
    // The validator panics at some components.
    contained(|| {
        Validator::new_with_features(features)
            .validate_all(component)
            .is_ok()
    })
    .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use wasmtime::component::Component;

    use super::*;
    use crate::engine::EngineSettings;

    /// A component with this text in a core module.
    fn core(text: &str) -> String {
        format!("(component (core module {text}))")
    }

    #[test]
    fn proposals_that_the_engine_rejects_are_named() -> Result<(), Box<dyn std::error::Error>> {
        let engine = EngineSettings::default().engine()?;
        for (name, text) in [
            ("exceptions", core("(tag)")),
            ("exceptions", core("(func (try_table (catch_all 0)))")),
            ("garbage collection", core("(type (struct))")),
            ("garbage collection", core("(table 1 externref)")),
            ("threads", core("(memory 1 1 shared)")),
            ("stack switching", core("(type $f (func)) (type (cont $f))")),
            ("custom page sizes", core("(memory 1 (pagesize 1))")),
            (
                "wide arithmetic",
                core(
                    "(func (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))",
                ),
            ),
            (
                "error contexts",
                "(component (type (func (result error-context))))".to_owned(),
            ),
            (
                "fixed-length lists",
                "(component (type (list u8 4)))".to_owned(),
            ),
            ("maps", "(component (type (map u8 u8)))".to_owned()),
        ] {
            let component = wat::parse_str(&text).map_err(|error| format!("{text}: {error}"))?;
            assert!(
                Component::from_binary(&engine, &component).is_err(),
                "{text}"
            );
            assert_eq!(needed(&component).as_deref(), Some(name), "{text}");
        }
        Ok(())
    }

    #[test]
    fn components_that_the_engine_accepts_need_no_proposal()
    -> Result<(), Box<dyn std::error::Error>> {
        let engine = EngineSettings::default().engine()?;
        for text in [
            core("(memory i64 1) (memory 1)"),
            core("(type $f (func)) (func (param (ref null $f)))"),
            core("(func $f (return_call $f))"),
            core("(func (param v128))"),
            core("(table 1 funcref)"),
        ] {
            let component = wat::parse_str(&text)?;
            Component::from_binary(&engine, &component)?;
            assert_eq!(needed(&component), None, "{text}");
        }
        Ok(())
    }

    #[test]
    fn another_fault_is_not_blamed_on_a_proposal() -> Result<(), Box<dyn std::error::Error>> {
        let component = wat::parse_str(core("(func (result i32)) (tag)"))?;
        assert_eq!(needed(&component), None);
        assert_eq!(needed(b"\0asm"), None);
        Ok(())
    }
}
