//! Components that attack the compiler. Each has some hundred kilobytes at most.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guest::component;

use crate::artifacts::test_folder::TestFolder;
use solti_metrics_tests::child::Running;

/// A guest that records, so that it is composed with the shim as well.
fn guest(functions: &str, body: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
            {functions}
            (func (export "wasi:cli/run@0.2.12#run") (result i32) {body} i32.const 0))"#
    ))
}

/// A function with a branch in each statement, and a value that passes all of them. It
/// takes minutes.
pub(crate) fn huge_function() -> Result<Vec<u8>> {
    let mut body = String::from("(local $a i32) (local $b i32) (local $c i32)");
    for number in 0..40_000 {
        write!(
            body,
            "(if (local.get $a)
                (then (local.set $b (i32.add (local.get $c) (i32.const {number}))))
                (else (local.set $c (i32.mul (local.get $b) (local.get $a)))))"
        )?;
    }
    guest("", &body)
}

/// A component that takes about 1 GiB to compile.
fn many_functions() -> Result<Vec<u8>> {
    guest(&"(func)".repeat(200_000), "")
}

/// A component whose time to compile grows with the square of its depth.
fn deep_blocks() -> Result<Vec<u8>> {
    let deep = 200_000;
    guest("", &("block ".repeat(deep) + &"end ".repeat(deep)))
}

#[test]
fn a_huge_function_ends_at_the_limit_on_time() -> Result<()> {
    let place = TestFolder::with(&huge_function()?)?;
    let said = place.is_not_loaded(&["--compile-timeout", "1s", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 1s";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

#[test]
fn many_thousand_functions_end_at_the_limit_on_memory() -> Result<()> {
    let place = TestFolder::with(&many_functions()?)?;
    let said = place.is_not_loaded(&["--compile-memory", "512MiB", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 512 MiB of memory";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

/// Inlined into each call, the shim would take more than a gigabyte of the compiler.
#[test]
fn many_thousand_records_in_a_small_guest_are_compiled_within_limits() -> Result<()> {
    let records = "(call 0 (i32.const 2))".repeat(20);
    let functions = format!("(func {records})").repeat(1_000);
    let place = TestFolder::with(&guest(&functions, "")?)?;
    place.succeeds(&["run", "--compile-memory", "512MiB", "guest.wasm"])?;
    Ok(())
}

#[test]
fn blocks_within_blocks_end_at_the_limit_on_time() -> Result<()> {
    let place = TestFolder::with(&deep_blocks()?)?;
    let said = place.is_not_loaded(&["--compile-timeout", "50ms", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 50ms";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

/// The component costs nothing to compile. It is rejected when it requests the memories.
#[test]
fn forty_memories_compile_within_limits_and_are_not_granted() -> Result<()> {
    let place = TestFolder::with(&guest(&"(memory 1)".repeat(40), "")?)?;
    let limits = ["--compile-memory", "512MiB", "--compile-timeout", "30s"];
    let end = place.run(&[&["run"], &limits[..], &["guest.wasm"]].concat())?;
    ensure!(end.code == Some(1), "{end}");
    ensure!(
        end.stderr
            .contains("the component exceeds the limit on memories"),
        "{end}"
    );
    Ok(())
}

/// Compilation does not start.
#[test]
fn nested_components_are_not_a_valid_component() -> Result<()> {
    let deep = 10_000;
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    for _ in 0..deep {
        let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
        let mut length = bytes.len();
        while length > 0x7f {
            outer.push(0x80 | (length & 0x7f) as u8);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.append(&mut bytes);
        bytes = outer;
    }
    let place = TestFolder::with(&bytes)?;
    let said = place.is_not_loaded(&["guest.wasm"])?;
    ensure!(
        said.contains("components nest more than 100 deep"),
        "{said}"
    );
    Ok(())
}

/// The validator stores the names in memory before the compilation.
#[test]
fn endless_imports_are_not_a_valid_component() -> Result<()> {
    let imports: String = (0..20_000)
        .map(|number| format!("(import \"a{number}\" (func))"))
        .collect();
    let place = TestFolder::with(&wat::parse_str(format!("(component {imports})"))?)?;
    let said = place.is_not_loaded(&["guest.wasm"])?;
    ensure!(said.contains("more than 10000 imports"), "{said}");
    Ok(())
}

#[test]
fn the_memory_of_the_command_stays_flat() -> Result<()> {
    let idle = "(loop $again (br $again)) unreachable";
    let place = TestFolder::with(&guest("", idle)?)?;
    let ordinary = peak_memory(&place, &["--timeout", "1s"])?;
    for (bomb, options) in [
        (huge_function()?, ["--compile-timeout", "1s"]),
        (many_functions()?, ["--compile-memory", "512MiB"]),
        (deep_blocks()?, ["--compile-timeout", "50ms"]),
    ] {
        let place = TestFolder::with(&bomb)?;
        let peak = peak_memory(&place, &options)?;
        let size = bomb.len() as u64 >> 10;
        ensure!(
            peak < ordinary + size + (4 << 10),
            "{options:?}: {peak} KiB for {size}, otherwise {ordinary}"
        );
    }
    Ok(())
}

/// The peak memory of the command while it tries to run a guest, in KiB, without the
/// compiling process.
fn peak_memory(place: &TestFolder, options: &[&str]) -> Result<u64> {
    let args = [&["run", "--no-cache"], options, &["guest.wasm"]].concat();
    let running = Running::start(&mut place.command(&args)?)?;
    let status = format!("/proc/{}/status", running.id);
    let mut peak = None;
    // The value only grows, so the last one is the peak.
    while let Some(now) = fs::read_to_string(&status)
        .ok()
        .and_then(|it| high_water(&it))
    {
        peak = Some(now);
        std::thread::yield_now();
    }
    let end = running.end()?;
    ensure!(end.code == Some(1), "{end}");
    peak.context("the process was never visible")
}

fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
