//! `run` that is asked to stop, or ends, while backends are busy.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guests;

use crate::cli::backends::{example, json, provider};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::Running;

#[test]
fn a_request_to_terminate_drains_a_flood_and_every_ledger_balances() -> Result<()> {
    let place = TestFolder::with(&guests::flood()?)?;
    let provider = example("provider");
    let args = [
        "run",
        "--format",
        "json",
        "--backend",
        &provider,
        "--backend-queue-capacity",
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
    // The backend has accepted all delivered records of the guest, and the runner's own
    // two.
    let accepted = &report["backends"][0]["ledger"]["accepted"];
    ensure!(accepted.as_u64() == Some(guests + 2), "{report}");
    Ok(())
}

#[test]
fn a_drain_ends_in_time_when_the_backend_never_returns() -> Result<()> {
    let place = TestFolder::with_files(&["one"])?;
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
fn a_second_request_ends_at_once_and_reports_the_remaining_records() -> Result<()> {
    let place = TestFolder::with(&guests::flood()?)?;
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
        .find(|line| line.starts_with("forced exit"));
    ensure!(
        last.is_some_and(|line| line.contains("records for endless")),
        "{end}"
    );
    Ok(())
}
