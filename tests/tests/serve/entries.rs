//! What is in the log, whatever guests print, and whoever reads it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::guests;

use crate::place::{Place, until};

/// What would be an entry of its own, or clear a screen, if it were taken as it is.
const FORGED: &str = "x\n{\"message\":\"run ended\",\"task\":\"other\"}\r\n\u{1b}[2J2026-11-27T00:00:00Z ERROR forged\u{202e}\u{2028}y";

const TICKS: &str = "[tasks.teller]\ncomponent = \"teller.wasm\"\nrepeat = 3\n";

#[test]
fn every_end_of_a_run_is_one_entry_and_nobody_else_can_write_one() -> Result<()> {
    let place = Place::with(&[("teller.wasm", guests::teller("stdout", FORGED, 0)?)])?;
    let served = place.serve(TICKS)?;
    until(&served, "teller", |task| task["state"] == "done")?;
    let end = served.stop()?;
    ensure!(
        !end.stderr
            .contains(['\u{1b}', '\r', '\u{202e}', '\u{2028}']),
        "{end}"
    );
    let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    let ended = entries
        .iter()
        .filter(|entry| entry["message"] == "run ended");
    let mut runs = BTreeSet::new();
    for entry in ended {
        ensure!(
            entry["task"] == "teller" && entry["outcome"] == "success",
            "{entry}"
        );
        ensure!(entry["duration_ms"].as_f64() > Some(0.0), "{entry}");
        ensure!(
            runs.insert(entry["run"].as_u64().context("a number")?),
            "{entry}"
        );
    }
    ensure!(runs == BTreeSet::from([1, 2, 3]), "{end}");
    let printed = entries
        .iter()
        .filter(|entry| entry["target"] == "guest")
        .count();
    // Three lines of three runs.
    ensure!(printed == 9, "{end}");
    Ok(())
}

#[test]
fn a_log_for_people_has_no_line_that_a_guest_began() -> Result<()> {
    let place = Place::with(&[("teller.wasm", guests::teller("stderr", FORGED, 0)?)])?;
    let config = format!("[log]\nformat = \"text\"\n{TICKS}");
    let mut running = place.plain(&config)?;
    for _ in 0..3 {
        while !running.next_line()?.contains("run ended task=") {}
    }
    running.signal("TERM")?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        !end.stderr
            .contains(['\u{1b}', '\r', '\u{202e}', '\u{2028}']),
        "{end}"
    );
    for line in end.stderr.lines() {
        ensure!(
            line.starts_with("20") && !line.contains("Z ERROR forged\n"),
            "{line}"
        );
        if line.contains("forged") {
            ensure!(line.contains("INFO guest: "), "{line}");
        }
    }
    Ok(())
}

#[test]
fn a_log_that_cannot_be_written_stops_nobody_and_is_counted() -> Result<()> {
    let place = Place::with(&[("teller.wasm", guests::teller("stdout", "line\n", 0)?)])?;
    let config =
        "[tasks.teller]\ncomponent = \"teller.wasm\"\nschedule = \"interval\"\nevery = \"5ms\"\n";
    let served = place.unheard(r#"exec "$@" 2>/dev/full"#, config)?;
    let lost = "solti_metrics_log_entries_lost_total";
    served.until_at_least(lost, 20.0)?;
    until(&served, "teller", |task| {
        task["runs"]["success"].as_u64() >= Some(20)
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    Ok(())
}
