//! Types that double at every level: a small component, and more than any memory holds
//! when they are written out.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::child::End;
use solti_metrics_tests::place::end;

use crate::artifacts::place::Place;

/// Each doubles what stands before it; so do names, which are repeated with it.
const LEVELS: usize = 14;

/// Characters of a name: with the short one, all is written out in less than the limit;
/// with the long one, in 600 MB.
const SHORT: usize = 2;
const LONG: usize = 20_000;

/// Data that a process may have, in KiB.
const MEMORY: u64 = 256 << 10;

/// What is said of types that are too large.
const TOO_LARGE: &str = "its types have more than 64 MiB when they are written out";

/// What is said of items that are too many.
const TOO_MANY: &str =
    "its types have more than 100000 functions, types and instances when they are written out";

/// What is said of both.
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
fn guest(kind: &str, name: usize) -> Result<Vec<u8>> {
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

fn bounded(place: &Place, args: &[&str]) -> Result<End> {
    let script = format!("ulimit -d {MEMORY} && exec \"$0\" \"$@\"");
    end(&mut place.shell(&script, args)?)
}

/// A place with a guest and a provider that have the same types.
fn place(kind: &str, name: usize) -> Result<Place> {
    let place = Place::new()?;
    std::fs::write(place.path("provider.wasm"), provider(kind, name)?)?;
    std::fs::write(place.path("guest.wasm"), guest(kind, name)?)?;
    Ok(place)
}

#[test]
fn a_type_that_doubles_is_told_as_far_as_a_line_goes() -> Result<()> {
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
                format!("`record-task-started` is `func({kind}"),
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
fn types_that_are_too_large_written_out_are_refused_by_every_command() -> Result<()> {
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

/// Instances within instances, with nothing but types in them: wasmtime looks for each
/// of them again, and finds nothing that it would miss.
#[test]
fn imports_that_double_are_refused_before_they_are_compared() -> Result<()> {
    let place = Place::new()?;
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

/// Instances that a component makes of others stand in no type section.
#[test]
fn instances_that_double_are_refused_before_they_are_compiled() -> Result<()> {
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
    let place = Place::new()?;
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

/// With little memory, for the number of its items, and with advice that helps.
fn is_refused(place: &Place, args: &[&str]) -> Result<()> {
    let end = bounded(place, args)?;
    ensure!(end.code == Some(1), "{args:?}: {end}");
    let said = format!("{}{}", end.stdout, end.stderr);
    for part in [TOO_MANY, FIXED] {
        ensure!(said.contains(part), "{args:?}: {end}");
    }
    Ok(())
}
