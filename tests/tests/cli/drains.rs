//! `run` that is asked to end, or has ended, while backends are at work.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guest;

use crate::backends::{example, json, provider};
use crate::place::Place;
use solti_metrics_tests::child::Running;

/// Says `round`, then records for ever.
fn flood() -> Result<Vec<u8>> {
    guest::component(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
              (func $completed (param i32 i32 i64)))
            (import "wasi:cli/stderr@0.2.12" "get-stderr" (func $out (result i32)))
            (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
              (func $write (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 64) "round\0a")
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
              (call $completed (i32.const 1) (i32.const 0) (i64.const 1))
              (call $write (call $out) (i32.const 64) (i32.const 6) (i32.const 0))
              (loop $again
                (call $completed (i32.const 1) (i32.const 0) (i64.const 1))
                (br $again))
              unreachable))"#,
    )
}

#[test]
fn a_request_to_terminate_drains_a_flood_and_every_ledger_balances() -> Result<()> {
    let place = Place::with(&flood()?)?;
    let provider = example("provider");
    let args = [
        "run",
        "--format",
        "json",
        "--backend",
        &provider,
        "--queue",
        "512",
        "guest.wasm",
    ];
    let mut running = Running::start(&mut place.command(&args)?)?;
    running.line("round")?;
    running.signal("TERM")?;
    let end = running.end()?;
    let report = json(&end)?;
    ensure!(report["tasks"].to_string().contains("canceled"), "{report}");
    let guests = report["ledger"]["guests"]["delivered"].as_u64();
    let guests = guests.context("a count")?;
    ensure!(guests >= 1, "{report}");
    // What the guest delivered, and the runner's own two, were all accepted.
    let accepted = &report["backends"][0]["ledger"]["accepted"];
    ensure!(accepted.as_u64() == Some(guests + 2), "{report}");
    Ok(())
}

#[test]
fn a_drain_ends_in_time_though_the_backend_never_returns() -> Result<()> {
    let place = Place::with_files(&["one"])?;
    place.write("endless.wasm", &provider("(loop br 0)")?)?;
    let end = place.digest(&[
        "--format",
        "json",
        "--backend",
        "endless.wasm",
        "--backend-timeout",
        "1h",
        "--drain-timeout",
        "100ms",
    ])?;
    ensure!(end.code == Some(1), "{end}");
    ensure!(end.took < Duration::from_secs(20), "{end}");
    let report = json(&end)?;
    let dropped = &report["backends"][0]["ledger"]["dropped"];
    ensure!(dropped["shut_down"].as_u64() >= Some(1), "{report}");
    Ok(())
}

#[test]
fn a_second_request_ends_at_once_and_says_what_was_left() -> Result<()> {
    let place = Place::with(&flood()?)?;
    place.write("endless.wasm", &provider("(loop br 0)")?)?;
    let args = [
        "run",
        "--backend",
        "endless.wasm",
        "--backend-timeout",
        "1h",
        "--drain-timeout",
        "1h",
        "guest.wasm",
    ];
    let mut running = Running::start(&mut place.command(&args)?)?;
    running.line("round")?;
    running.signal("TERM")?;
    running.line("stopping")?;
    running.signal("TERM")?;
    let end = running.end()?;
    ensure!(end.code == Some(143), "{end}");
    let last = end
        .stderr
        .lines()
        .find(|line| line.starts_with("left at once"));
    ensure!(
        last.is_some_and(|line| line.contains("records for endless")),
        "{end}"
    );
    Ok(())
}
