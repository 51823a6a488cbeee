//! `run`: the report in its three formats, and the other output on both streams.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::cli::test_folder::{TestFolder, digest};
use solti_metrics_tests::child::End;
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::guests;

/// The files that `digest` hashes here.
const FILES: [&str; 3] = ["one", "two", "below/three"];

#[test]
fn the_json_report_counts_each_file_and_the_run_itself() -> Result<()> {
    let end = TestFolder::with_files(&FILES)?.digest(&["--format", "json"])?;
    ensure!(end.code == Some(0), "{end}");
    let report = report(&end)?;
    ensure!(report["component"] == digest().as_str(), "{report}");
    ensure!(
        report["backend"] == "memory" && report["runs"] == 1,
        "{report}"
    );
    ensure!(
        report["started"] == json!([{"runner": "wasm", "count": 4}]),
        "{report}"
    );
    let tasks = report["tasks"].as_array().context("tasks")?;
    ensure!(tasks.len() == 1 && tasks[0]["count"] == 4, "{report}");
    ensure!(
        tasks[0]["runner"] == "wasm" && tasks[0]["outcome"] == "success",
        "{report}"
    );
    ensure!(
        report["errors"] == json!([]) && report["warnings"] == json!([]),
        "{report}"
    );
    ensure!(report["ends"][0]["end"] == "exited", "{report}");
    ensure!(report["ends"][0]["count"] == 1, "{report}");
    ledger(&report, "guests", 6)?;
    ledger(&report, "runner", 2)
}

/// A row has the outcome, the count, and three times in ascending order.
#[test]
fn the_json_report_has_the_times_of_tasks() -> Result<()> {
    let guest = guests::teller("stdout", "", 20)?;
    let end = TestFolder::with(&guest)?.run(&[
        "run",
        "--format",
        "json",
        "--repeat",
        "3",
        "guest.wasm",
    ])?;
    let report = report(&end)?;
    let time = |name: &str| report["tasks"][0][name].as_u64().context("a time");
    let (p50, p95, max) = (time("p50_ms")?, time("p95_ms")?, time("max_ms")?);
    ensure!(20 <= p50 && p50 <= p95 && p95 <= max, "{report}");
    let elapsed = report["elapsed_ms"].as_u64().context("a time")?;
    ensure!(elapsed >= 60 && elapsed >= max, "{report}");
    Ok(())
}

#[test]
fn the_prometheus_report_counts_each_file_and_the_run_itself() -> Result<()> {
    let end = TestFolder::with_files(&FILES)?.digest(&["--format", "prometheus"])?;
    ensure!(end.code == Some(0), "{end}");
    for (series, expected) in [
        (
            r#"solti_runner_tasks_completed_total{runner="wasm",outcome="success"}"#,
            4.0,
        ),
        (r#"solti_runner_tasks_started_total{runner="wasm"}"#, 4.0),
        (
            r#"solti_runner_task_duration_seconds_count{runner="wasm",outcome="success"}"#,
            4.0,
        ),
        (
            r#"solti_metrics_records_delivered_total{source="guests"}"#,
            6.0,
        ),
        (
            r#"solti_metrics_records_delivered_total{source="runner"}"#,
            2.0,
        ),
    ] {
        let found = value(&end.stdout, series)?;
        ensure!(found == expected, "{series}: {found}");
    }
    ensure!(!end.stdout.contains("# EOF"), "OpenMetrics: {end}");
    for line in end.stdout.lines() {
        ensure!(
            line.starts_with("# ") || line.starts_with("solti_"),
            "{line}"
        );
    }
    Ok(())
}

#[test]
fn the_table_is_on_standard_error_and_has_the_same_counts() -> Result<()> {
    let end = TestFolder::with_files(&FILES)?.digest(&[])?;
    ensure!(end.code == Some(0), "{end}");
    for row in [
        &["wasm", "success", "4"][..],
        &["guests", "6", "6", "0", "0", "0"],
        &["runner", "2", "2", "0", "0", "0"],
    ] {
        ensure!(rows(&end.stderr, row) == 1, "{row:?}\n{end}");
    }
    let head = format!("{} · 1 run in ", digest());
    ensure!(
        end.stderr.lines().any(|line| line.starts_with(&head)),
        "{end}"
    );
    // Standard output has only the guest's output.
    ensure!(
        sums(&end.stdout) == 3 && end.stdout.lines().count() == 3,
        "{end}"
    );
    ensure!(sums(&end.stderr) == 0, "{end}");
    Ok(())
}

#[test]
fn a_report_on_standard_output_moves_the_guests_output_to_standard_error() -> Result<()> {
    let place = TestFolder::with_files(&FILES)?;
    for format in ["json", "prometheus"] {
        let end = place.digest(&["--format", format])?;
        ensure!(sums(&end.stderr) == 3, "{end}");
        ensure!(end.stderr.lines().count() == 3, "{end}");
        ensure!(sums(&end.stdout) == 0, "{end}");
    }
    Ok(())
}

#[test]
fn each_repetition_is_a_task() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "told\n", 1)?)?;
    for concurrency in ["1", "2", "9"] {
        let options = ["run", "--repeat", "5", "--concurrency", concurrency];
        let end = place.run(&[&options[..], &["--format", "json", "guest.wasm"]].concat())?;
        ensure!(end.code == Some(0), "{end}");
        let report = report(&end)?;
        ensure!(report["runs"] == 5, "{report}");
        ensure!(
            report["started"] == json!([{"runner": "wasm", "count": 5}]),
            "{report}"
        );
        ensure!(report["tasks"][0]["count"] == 5, "{report}");
        ensure!(report["ends"][0]["count"] == 5, "{report}");
        ledger(&report, "guests", 0)?;
        ledger(&report, "runner", 10)?;
        ensure!(end.stderr == "told\n".repeat(5), "{end}");

        let end = place.run(&[&options[..], &["guest.wasm"]].concat())?;
        ensure!(end.stdout == "told\n".repeat(5), "{end}");
        ensure!(rows(&end.stderr, &["wasm", "success", "5"]) == 1, "{end}");
        ensure!(end.stderr.contains("guest.wasm · 5 runs in "), "{end}");
    }
    Ok(())
}

#[test]
fn tasks_run_concurrently_within_the_limit() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "", 1_000)?)?;
    let elapsed = |concurrency| -> Result<u64> {
        let options = ["run", "--format", "json", "--repeat", "4", "--concurrency"];
        let end = place.run(&[&options[..], &[concurrency, "guest.wasm"]].concat())?;
        report(&end)?["elapsed_ms"].as_u64().context("a time")
    };
    let (alone, together) = (elapsed("1")?, elapsed("4")?);
    ensure!(alone >= 4_000, "{alone} ms alone");
    // Sequential tasks cannot be that fast.
    ensure!(together < 4_000, "{together} ms together");
    Ok(())
}

#[test]
fn no_op_stores_no_tasks_and_the_ledger_still_counts() -> Result<()> {
    let place = TestFolder::with_files(&FILES)?;
    let end = place.digest(&["--backend", "noop"])?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        end.stderr
            .contains("tasks: not counted by the backend noop"),
        "{end}"
    );
    ensure!(
        rows(&end.stderr, &["guests", "6", "6", "0", "0", "0"]) == 1,
        "{end}"
    );
    ensure!(!end.stderr.contains("success"), "{end}");

    let end = place.digest(&["--backend", "noop", "--format", "json"])?;
    let report = report(&end)?;
    ensure!(
        report["backend"] == "noop" && report["tasks"] == json!([]),
        "{report}"
    );
    ledger(&report, "guests", 6)?;
    ledger(&report, "runner", 2)
}

#[test]
fn a_failure_is_on_standard_error_and_in_the_exit_code() -> Result<()> {
    let place = TestFolder::with(&guests::maker()?)?;
    let end = place.run(&["run", "--repeat", "7", "guest.wasm", "--", "made"])?;
    ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
    ensure!(rows(&end.stderr, &["wasm", "failure", "7"]) == 1, "{end}");
    ensure!(end.stderr.contains("2 more tasks did not succeed"), "{end}");
    Ok(())
}

/// Parses the report, and checks that standard output has nothing else.
pub(crate) fn report(end: &End) -> Result<Value> {
    let report: Value = serde_json::from_str(&end.stdout).with_context(|| end.to_string())?;
    ensure!(report["schema"] == "solti-metrics/run@1", "{report}");
    Ok(report)
}

/// Number of lines that start with these cells.
pub(crate) fn rows(table: &str, cells: &[&str]) -> usize {
    table
        .lines()
        .filter(|line| {
            line.split_whitespace()
                .take(cells.len())
                .eq(cells.iter().copied())
        })
        .count()
}

fn ledger(report: &Value, whose: &str, records: u64) -> Result<()> {
    let row = &report["ledger"][whose];
    ensure!(
        row["accepted"] == records && row["delivered"] == records,
        "{report}"
    );
    ensure!(row["in_flight"] == 0 && row["clamped"] == 0, "{report}");
    let mut dropped = row["dropped"].as_object().context("dropped")?.values();
    ensure!(dropped.all(|count| *count == 0), "{report}");
    Ok(())
}

/// Number of lines in the format of `sha256sum`.
fn sums(output: &str) -> usize {
    let is_sum = |sum: &str| sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    output
        .lines()
        .filter(|line| line.split_once("  in/").is_some_and(|(sum, _)| is_sum(sum)))
        .count()
}
