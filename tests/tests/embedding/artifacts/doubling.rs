//! Types that double at each level: a small component whose written-out types exceed any
//! memory.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::child::End;
use solti_metrics_tests::test_folder::end;

use crate::artifacts::test_folder::TestFolder;

/// Number of levels. Each doubles the level below, with its names.
const LEVELS: usize = 14;

/// Length of a name. With the short one, the written-out types are below the limit. With
/// the long one, they take 600 MB.
const SHORT: usize = 2;
pub(crate) const LONG: usize = 20_000;

/// Limit on the data of a process, in KiB.
const MEMORY: u64 = 256 << 10;

/// The message about types that are too large.
const TOO_LARGE: &str = "its types have more than 64 MiB when they are written out";

/// The message about too many items.
const TOO_MANY: &str =
    "its types have more than 100000 functions, types and instances when they are written out";

/// The end of both messages.
const FIXED: &str = ", which is a fixed limit; build the component with fewer and less nested types, instances and components";

/// Types that nest pairs: their text, and the name of the last one.
fn pairs(kind: &str, name: usize, export: impl Fn(usize) -> String) -> (String, String) {
    let (one, other) = ("a".repeat(name), "b".repeat(name));
    let (mut text, mut last) = (String::new(), "u64".to_owned());
    for level in 0..LEVELS {
        let pair = match kind {
            "record" => format!(r#"record (field "{one}" {last}) (field "{other}" {last})"#),
            _ => format!("tuple {last} {last}"),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "(type $t{level} ({pair})) {}", export(level));
        last = format!("$x{level}");
    }
    (text, last)
}

/// A provider whose first function takes such a type.
fn provider(kind: &str, name: usize) -> Result<Vec<u8>> {
    let export = |level| format!(r#"(export $x{level} "x{level}" (type $t{level}))"#);
    let (types, last) = pairs(kind, name, export);
    let exports: String = (0..LEVELS)
        .map(|level| format!(r#"(export "x{level}" (type $x{level}))"#))
        .collect();
    Ok(wat::parse_str(format!(
        r#"(component
            {types}
            (core module $m
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                (func (export "f") (param i32)))
            (core instance $i (instantiate $m))
            (func $f (param "runner" {last}) (canon lift (core func $i "f")
                (memory $i "memory") (realloc (func $i "realloc"))))
            (instance $backend {exports} (export "record-task-started" (func $f)))
            (export "solti:metrics/backend@0.1.0" (instance $backend)))"#
    ))?)
}

/// A guest that imports a function with such a type.
pub(crate) fn guest(kind: &str, name: usize) -> Result<Vec<u8>> {
    let export = |level| format!(r#"(export "x{level}" (type $x{level} (eq $t{level})))"#);
    let (types, last) = pairs(kind, name, export);
    Ok(wat::parse_str(format!(
        r#"(component
            (import "solti:metrics/backend@0.1.0" (instance
                {types}
                (export "record-task-started" (func (param "runner" {last})))))
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $main (export "run" (func $run)))
            (export "wasi:cli/run@0.2.12" (instance $main)))"#
    ))?)
}

fn bounded(place: &TestFolder, args: &[&str]) -> Result<End> {
    let script = format!("ulimit -d {MEMORY} && exec \"$0\" \"$@\"");
    end(&mut place.shell(&script, args)?)
}

/// A folder with a guest and a provider that have the same types.
fn place(kind: &str, name: usize) -> Result<TestFolder> {
    let place = TestFolder::new()?;
    std::fs::write(place.path("provider.wasm"), provider(kind, name)?)?;
    std::fs::write(place.path("guest.wasm"), guest(kind, name)?)?;
    Ok(place)
}

#[test]
fn a_doubling_type_is_truncated_to_a_line_in_messages() -> Result<()> {
    for kind in ["record", "tuple"] {
        let place = place(kind, SHORT)?;
        for args in [
            &["check", "--no-cache", "provider.wasm"][..],
            &["conformance", "--no-cache", "provider.wasm"],
            &[
                "run",
                "--no-cache",
                "--backend",
                "./provider.wasm",
                "guest.wasm",
            ],
        ] {
            let end = bounded(&place, args)?;
            ensure!(end.code == Some(1), "{args:?}: {end}");
            let said = format!("{}{}", end.stdout, end.stderr);
            for part in [
                format!("`record-task-started` has the type `func({kind}"),
                "…`, and `func(enum(subprocess, container, wasm))` is expected".to_owned(),
            ] {
                ensure!(said.contains(&part), "{args:?}: {end}");
            }
            ensure!(said.len() < 16 << 10, "{args:?}: {} bytes", said.len());
        }
        let composed = ["compose", "-o", "app.wasm", "guest.wasm", "provider.wasm"];
        let end = bounded(&place, &composed)?;
        ensure!(end.code == Some(0), "{end}");
    }
    Ok(())
}

#[test]
fn all_commands_reject_types_that_are_too_large_when_written_out() -> Result<()> {
    let place = place("record", LONG)?;
    for args in [
        &["run", "--no-cache", "guest.wasm"][..],
        &[
            "run",
            "--no-cache",
            "--recording-mode",
            "direct",
            "guest.wasm",
        ],
        &[
            "run",
            "--no-cache",
            "--backend",
            "./provider.wasm",
            "guest.wasm",
        ],
        &["check", "--no-cache", "guest.wasm"],
        &["check", "--no-cache", "provider.wasm"],
        &["conformance", "--no-cache", "guest.wasm"],
        &["conformance", "--no-cache", "provider.wasm"],
        &[
            "precompile",
            "--artifact-key",
            "key",
            "-o",
            "x",
            "guest.wasm",
        ],
        &["compose", "-o", "app.wasm", "guest.wasm", "provider.wasm"],
    ] {
        let end = bounded(&place, args)?;
        ensure!(end.code == Some(1), "{args:?}: {end}");
        let said = format!("{}{}", end.stdout, end.stderr);
        let refused = format!("{TOO_LARGE}{FIXED}");
        ensure!(said.contains(&refused), "{args:?}: {end}");
        ensure!(said.len() < 16 << 10, "{args:?}: {} bytes", said.len());
    }
    Ok(())
}

/// Instances within instances, with only types in them. wasmtime would visit each of them
/// again, and find no missing import.
#[test]
fn doubling_imports_are_rejected_before_their_comparison() -> Result<()> {
    let place = TestFolder::new()?;
    let mut types =
        r#"(type $i0 (instance (type $e (enum "a")) (export "e" (type (eq $e)))))"#.to_owned();
    for level in 1..18 {
        write!(
            types,
            r#"(type $i{level} (instance
                (alias outer 1 $i{} (type $inner))
                (export "a" (instance (type $inner)))
                (export "b" (instance (type $inner)))))"#,
            level - 1
        )?;
    }
    let guest = wat::parse_str(format!(
        r#"(component
            {types}
            (import "wasi:cli/environment@0.2.0" (instance (type $i17)))
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $main (export "run" (func $run)))
            (export "wasi:cli/run@0.2.12" (instance $main)))"#
    ))?;
    std::fs::write(place.path("guest.wasm"), guest)?;
    for args in [
        &["run", "--no-cache", "guest.wasm"][..],
        &["check", "--no-cache", "guest.wasm"],
        &[
            "precompile",
            "--artifact-key",
            "key",
            "-o",
            "x",
            "guest.wasm",
        ],
    ] {
        is_refused(&place, args)?;
    }
    Ok(())
}

/// A component's instances of other components are in no type section.
#[test]
fn doubling_instances_are_rejected_before_their_compilation() -> Result<()> {
    let mut made = r#"(type $u u8) (instance $z0 (export "r" (type $u)))"#.to_owned();
    for level in 1..18 {
        let inner = level - 1;
        write!(
            made,
            r#"(instance $z{level}
                (export "a" (instance $z{inner}))
                (export "b" (instance $z{inner})))"#
        )?;
    }
    made += r#"(export "more" (instance $z17))"#;
    let place = TestFolder::new()?;
    for (name, whole) in [
        ("guest.wasm", guest("tuple", SHORT)?),
        ("provider.wasm", provider("tuple", SHORT)?),
    ] {
        let text = wasmprinter::print_bytes(whole)?;
        let text = text.trim_end().strip_suffix(')').context("a component")?;
        let doubled = wat::parse_str(format!("{text} {made})"))?;
        std::fs::write(place.path(name), doubled)?;
    }
    std::fs::write(place.path("plain.wasm"), guest("tuple", SHORT)?)?;
    for args in [
        &["run", "--no-cache", "--max-memory", "1MiB", "guest.wasm"][..],
        &["check", "--no-cache", "guest.wasm"],
        &["check", "--no-cache", "provider.wasm"],
        &["conformance", "--no-cache", "provider.wasm"],
        &[
            "run",
            "--no-cache",
            "--backend",
            "./provider.wasm",
            "plain.wasm",
        ],
        &["compose", "-o", "app.wasm", "plain.wasm", "provider.wasm"],
    ] {
        is_refused(&place, args)?;
    }
    Ok(())
}

/// Checks that the command rejects the component with little memory, for its number of
/// items, and with useful advice.
fn is_refused(place: &TestFolder, args: &[&str]) -> Result<()> {
    let end = bounded(place, args)?;
    ensure!(end.code == Some(1), "{args:?}: {end}");
    let said = format!("{}{}", end.stdout, end.stderr);
    for part in [TOO_MANY, FIXED] {
        ensure!(said.contains(part), "{args:?}: {end}");
    }
    Ok(())
}
