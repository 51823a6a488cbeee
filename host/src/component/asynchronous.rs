//! Asynchronous items of a component, which need an engine with component-model async.

use wasmparser::{
    BinaryReader, BinaryReaderError, CanonicalFunction, ComponentAlias,
    ComponentCanonicalSectionReader, ComponentDefinedType, ComponentExternName, ComponentImport,
    ComponentType, ComponentTypeRef, CoreType,
};

/// Maximum depth of types. Real types nest three or four deep, and other readers recurse.
const DEEPEST: usize = 100;

const TYPE_OF_COMPONENT: u8 = 0x41;
const TYPE_OF_INSTANCE: u8 = 0x42;

/// Asynchronous items of a section of types, in words. The section is read without recursion, for
/// any depth. A depth that other readers should not recurse into is an error.
pub(super) fn in_types(mut section: BinaryReader<'_>) -> Result<Option<&'static str>, String> {
    let mut found = None;
    // Number of types, or of declarations in a type, that are left to read at each depth.
    let mut left = vec![section.read_var_u32().map_err(said)?];
    while let Some(here) = left.last_mut() {
        if *here == 0 {
            left.pop();
            continue;
        }
        *here -= 1;
        let inner = left.len() > 1;
        if inner && !declares_type(&mut section)? {
            continue;
        }
        let mut behind = section.clone();
        match behind.read_u8().map_err(said)? {
            TYPE_OF_COMPONENT | TYPE_OF_INSTANCE => {
                if left.len() > DEEPEST {
                    return Err(format!("types nest more than {DEEPEST} deep"));
                }
                section = behind;
                left.push(section.read_var_u32().map_err(said)?);
            }
            _ => found = found.or(of_type(&section.read().map_err(said)?)),
        }
    }
    Ok(found)
}

/// Whether the next declaration starts a type; other declarations are read to their end.
fn declares_type(section: &mut BinaryReader<'_>) -> Result<bool, String> {
    match section.read_u8().map_err(said)? {
        0x00 => section.read::<CoreType<'_>>().map(drop),
        0x01 => return Ok(true),
        0x02 => section.read::<ComponentAlias<'_>>().map(drop),
        0x03 => section.read::<ComponentImport<'_>>().map(drop),
        0x04 => section
            .read::<ComponentExternName<'_>>()
            .and_then(|_| section.read::<ComponentTypeRef>())
            .map(drop),
        other => return Err(format!("a type has the unknown declaration {other:#x}")),
    }
    .map_err(said)?;
    Ok(false)
}

fn said(error: BinaryReaderError) -> String {
    error.to_string()
}

fn of_type(it: &ComponentType<'_>) -> Option<&'static str> {
    match it {
        ComponentType::Func(function) if function.async_ => Some("it has asynchronous functions"),
        ComponentType::Defined(ComponentDefinedType::Stream(_)) => Some("it has streams"),
        ComponentType::Defined(ComponentDefinedType::Future(_)) => Some("it has futures"),
        _ => None,
    }
}

/// Asynchronous items of a section of functions between a component and its modules, in words.
pub(super) fn in_functions(
    section: ComponentCanonicalSectionReader<'_>,
) -> Result<Option<&'static str>, String> {
    let mut found = None;
    for function in section {
        found = found.or(of_function(&function.map_err(said)?));
    }
    Ok(found)
}

fn of_function(it: &CanonicalFunction) -> Option<&'static str> {
    use CanonicalFunction as Of;
    match it {
        // Only a function with an asynchronous type can be lifted or lowered asynchronously.
        Of::Lift { .. } | Of::Lower { .. } => None,
        Of::ResourceNew { .. } | Of::ResourceDrop { .. } | Of::ResourceRep { .. } => None,
        // Functions of another proposal, shared threads, which no engine here supports.
        Of::ThreadSpawnRef { .. }
        | Of::ThreadSpawnIndirect { .. }
        | Of::ThreadAvailableParallelism => None,
        // All others came with the proposal.
        _ => Some("it uses functions that are built into component-model async"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Inspection;
    use super::*;
    use wasmparser::{Validator, WasmFeatures};

    /// The reason in words. The function also checks that wasmparser agrees: with the proposal the
    /// component is valid, and without it only if there is no reason.
    fn needs(text: &str) -> Result<Option<String>, Box<dyn std::error::Error>> {
        let bytes = wat::parse_str(text)?;
        let needs = Inspection::of("it", &bytes)?.needs_async;
        let with = WasmFeatures::default() | WasmFeatures::CM_ASYNC;
        let valid = |features| Validator::new_with_features(features).validate_all(&bytes);
        valid(with)?;
        let without = valid(with - WasmFeatures::CM_ASYNC).is_ok();
        assert_eq!(without, needs.is_none(), "{text}");
        Ok(needs)
    }

    #[test]
    fn whatever_only_an_asynchronous_engine_takes_is_found()
    -> Result<(), Box<dyn std::error::Error>> {
        for (text, reason) in [
            ("(component (type (func async)))", "asynchronous functions"),
            ("(component (type (stream u8)))", "streams"),
            ("(component (type (future)))", "futures"),
            (
                r#"(component (import "a" (func async)))"#,
                "asynchronous functions",
            ),
            (
                r#"(component (import "a" (instance
                    (type $t (record (field "x" u8)))
                    (export "t" (type $u (eq $t)))
                    (export "f" (func (param "t" $u) (result (stream u8)))))))"#,
                "streams",
            ),
            (
                r#"(component (import "a" (component
                    (core type (module))
                    (import "b" (instance (export "r" (type (sub resource)))))
                    (export "c" (func async)))))"#,
                "asynchronous functions",
            ),
            ("(component (component (type (stream))))", "streams"),
            ("(component (core func (canon task.return)))", "built into"),
            (
                "(component (core func (canon waitable-set.new)))",
                "built into",
            ),
            (
                "(component (core func (canon context.get i32 0)))",
                "built into",
            ),
        ] {
            let needs = needs(text)?.unwrap_or_default();
            assert!(needs.contains(reason), "{text}: {needs}");
        }
        Ok(())
    }

    #[test]
    fn only_functions_with_an_asynchronous_type_are_lifted_or_lowered_asynchronously() {
        for (text, valid) in [("async", true), ("", false)] {
            let lifted = format!(
                r#"(component
                    (core module $m
                        (func (export "f") (result i32) (i32.const 0))
                        (func (export "g") (param i32 i32 i32) (result i32) (i32.const 0)))
                    (core instance $i (instantiate $m))
                    (type $t (func {text}))
                    (func (type $t) (canon lift (core func $i "f") async
                        (callback (func $i "g")))))"#
            );
            let lowered = format!(
                r#"(component (import "f" (func $f {text}))
                    (core func (canon lower (func $f) async)))"#
            );
            for text in [lifted, lowered] {
                assert_eq!(needs(&text).is_ok(), valid, "{text}");
            }
        }
    }

    #[test]
    fn components_of_every_engine_need_no_async() -> Result<(), Box<dyn std::error::Error>> {
        for text in [
            "(component)",
            r#"(component (import "a" (instance
                (export "r" (type $r (sub resource)))
                (type $e (enum "x" "y"))
                (export "e" (type $e' (eq $e)))
                (export "f" (func (param "r" (borrow $r)) (result (list u8)))))))"#,
            r#"(component
                (type $r (resource (rep i32)))
                (core func (canon resource.new $r))
                (core func (canon resource.rep $r))
                (core func (canon resource.drop $r)))"#,
        ] {
            assert_eq!(needs(text)?, None, "{text}");
        }
        Ok(())
    }

    /// Readers that recurse would run out of stack.
    #[test]
    fn types_that_nest_without_end_are_refused() {
        let mut types = vec![1];
        for _ in 0..1_000_000 {
            types.extend([TYPE_OF_INSTANCE, 1, 0x01]);
        }
        types.extend([0x40, 0x00, 0x01, 0x00]);
        let refused = in_types(BinaryReader::new(&types, 0));
        assert!(
            matches!(&refused, Err(reason) if reason.contains("deep")),
            "{refused:?}"
        );
    }
}
