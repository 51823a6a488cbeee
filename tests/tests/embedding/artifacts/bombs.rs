//! Components that are made to hurt whoever compiles them. Each is some hundred
//! kilobytes at most.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guest::component;

use crate::artifacts::place::Place;
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

/// One function with a branch in every statement, and a value that goes through all
/// of them: takes minutes.
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

/// Takes 5 GiB.
fn many_functions() -> Result<Vec<u8>> {
    guest(&"(func)".repeat(100_000), "")
}

/// Takes time that grows with the square of it.
fn deep_blocks() -> Result<Vec<u8>> {
    let deep = 200_000;
    guest("", &("block ".repeat(deep) + &"end ".repeat(deep)))
}

#[test]
fn a_huge_function_ends_at_the_limit_on_time() -> Result<()> {
    let place = Place::with(&huge_function()?)?;
    let said = place.is_not_loaded(&["--compile-timeout", "1s", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 1s";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

#[test]
fn many_thousand_functions_end_at_the_limit_on_memory() -> Result<()> {
    let place = Place::with(&many_functions()?)?;
    let said = place.is_not_loaded(&["--compile-memory", "512MiB", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 512 MiB of memory";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

#[test]
fn blocks_within_blocks_end_at_the_limit_on_time() -> Result<()> {
    let place = Place::with(&deep_blocks()?)?;
    let said = place.is_not_loaded(&["--compile-timeout", "1s", "guest.wasm"])?;
    let limit = "guest.wasm: compilation exceeds 1s";
    ensure!(said.contains(limit), "{said}");
    Ok(())
}

/// It costs nothing to compile, and is refused when it asks for them.
#[test]
fn forty_memories_compile_within_limits_and_are_not_granted() -> Result<()> {
    let place = Place::with(&guest(&"(memory 1)".repeat(40), "")?)?;
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

/// Nobody starts to compile it.
#[test]
fn components_within_components_are_no_valid_component() -> Result<()> {
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
    let place = Place::with(&bytes)?;
    let said = place.is_not_loaded(&["guest.wasm"])?;
    ensure!(
        said.contains("components nest more than 100 deep"),
        "{said}"
    );
    Ok(())
}

/// Names are kept in memory before anything is compiled.
#[test]
fn imports_without_end_are_no_valid_component() -> Result<()> {
    let imports: String = (0..20_000)
        .map(|number| format!("(import \"a{number}\" (func))"))
        .collect();
    let place = Place::with(&wat::parse_str(format!("(component {imports})"))?)?;
    let said = place.is_not_loaded(&["guest.wasm"])?;
    ensure!(said.contains("more than 10000 imports"), "{said}");
    Ok(())
}

#[test]
fn the_memory_of_whoever_runs_it_does_not_move() -> Result<()> {
    let idle = "(loop $again (br $again)) unreachable";
    let place = Place::with(&guest("", idle)?)?;
    let ordinary = peak_memory(&place, &["--timeout", "1s"])?;
    for (bomb, options) in [
        (huge_function()?, ["--compile-timeout", "1s"]),
        (many_functions()?, ["--compile-memory", "512MiB"]),
        (deep_blocks()?, ["--compile-timeout", "1s"]),
    ] {
        let place = Place::with(&bomb)?;
        let peak = peak_memory(&place, &options)?;
        let size = bomb.len() as u64 >> 10;
        ensure!(
            peak < ordinary + size + (4 << 10),
            "{options:?}: {peak} KiB for {size}, otherwise {ordinary}"
        );
    }
    Ok(())
}

/// The most memory, in KiB, that the command itself has had while it tried to run a
/// guest; not what the process had that compiled.
fn peak_memory(place: &Place, options: &[&str]) -> Result<u64> {
    let args = [&["run", "--no-cache"], options, &["guest.wasm"]].concat();
    let running = Running::start(&mut place.command(&args)?)?;
    let status = format!("/proc/{}/status", running.id);
    let mut peak = None;
    // It only ever grows, so what was read last is all there was.
    while let Some(now) = fs::read_to_string(&status)
        .ok()
        .and_then(|it| high_water(&it))
    {
        peak = Some(now);
        std::thread::yield_now();
    }
    let end = running.end()?;
    ensure!(end.code == Some(1), "{end}");
    peak.context("it was not there at all")
}

fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
