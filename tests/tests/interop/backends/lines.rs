//! `jsonl.wasm`: its file has a line for each record, or the ledger has the reason.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use solti_metrics::Event;
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::Grants;
use solti_metrics_host::wasi::Access;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::tested_provider::{TestedProvider, only_dropped};

/// The path in the provider.
const FILE: &str = "/out/metrics.jsonl";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("every_record_is_a_line_of_json", lines),
        trial("a_file_that_was_moved_away_is_created_again", moved),
        trial("a_read_only_folder_fails_each_record_once", read_only),
        trial(
            "a_folder_instead_of_the_file_fails_records_until_its_removal",
            obstructed,
        ),
    ]
}

fn lines() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let grants = granted(folder.path(), Access::ReadWrite);
    let jsonl = TestedProvider::start("jsonl", &grants)?;
    let mut recorded = Vec::new();
    for _ in 0..3 {
        jsonl.record(&script());
        recorded.extend(script());
        jsonl.flush()?;
        lines_are(folder.path(), &recorded)?;
    }
    // The next instance appends to the file of the previous one.
    jsonl.record(&script());
    recorded.extend(script());
    jsonl.replace("jsonl", &grants)?;
    lines_are(folder.path(), &recorded)?;
    // More than the provider buffers.
    for _ in 0..40 {
        jsonl.record(&script());
        recorded.extend(script());
    }
    jsonl.stop_without_loss(recorded.len())?;
    lines_are(folder.path(), &recorded)
}

fn moved() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let jsonl = TestedProvider::start("jsonl", &granted(folder.path(), Access::ReadWrite))?;
    let file = folder.path().join("metrics.jsonl");
    jsonl.record(&script());
    jsonl.flush()?;
    fs::rename(&file, folder.path().join("moved"))?;
    jsonl.record(&script()[..5]);
    jsonl.flush()?;
    lines_are(folder.path(), &script()[..5])?;
    fs::rename(folder.path().join("moved"), &file)?;
    lines_are(folder.path(), &script())?;
    jsonl.stop_without_loss(script().len() + 5)
}

fn read_only() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let jsonl = TestedProvider::start("jsonl", &granted(folder.path(), Access::ReadOnly))?;
    fails(&jsonl, 3)?;
    ensure!(
        fs::read_dir(folder.path())?.next().is_none(),
        "the provider wrote"
    );

    // Only a replacement changes a grant.
    jsonl.replace("jsonl", &granted(folder.path(), Access::ReadWrite))?;
    recovers(&jsonl, folder.path(), 3)
}

fn obstructed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("metrics.jsonl");
    fs::create_dir(&file)?;
    let jsonl = TestedProvider::start("jsonl", &granted(folder.path(), Access::ReadWrite))?;
    fails(&jsonl, 2)?;
    fs::remove_dir(&file)?;
    recovers(&jsonl, folder.path(), 2)
}

/// Checks that each record of `scripts` scripts fails once, and that each flush gives the
/// reason once.
fn fails(jsonl: &TestedProvider, scripts: usize) -> Result<()> {
    for _ in 0..scripts {
        jsonl.record(&script());
        let said = jsonl.refused_flush()?;
        ensure!(said.starts_with(&format!("{FILE}: ")), "{said}");
        jsonl.flush()?;
        ensure!(jsonl.status().flush_error.is_none());
    }
    let records = scripts * script().len();
    only_dropped(
        &jsonl.settle()?,
        records,
        DropReason::BackendFailed,
        records,
    )
}

/// Checks that records after `failed` failed scripts are written.
fn recovers(jsonl: &TestedProvider, folder: &Path, failed: usize) -> Result<()> {
    jsonl.record(&script());
    jsonl.flush()?;
    lines_are(folder, &script())?;
    let (all, failed) = ((failed + 1) * script().len(), failed * script().len());
    let status = jsonl.stop()?;
    ensure!(status.failures == 0, "{status:?}");
    only_dropped(&status.ledger, all, DropReason::BackendFailed, failed)
}

fn granted(folder: &Path, access: Access) -> Grants {
    Grants::new().dir(folder, "/out", access)
}

fn lines_are(folder: &Path, recorded: &[Event]) -> Result<()> {
    let text = fs::read_to_string(folder.join("metrics.jsonl"))?;
    ensure!(text.ends_with('\n'), "half a line: {text:?}");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect::<Result<_>>()?;
    let expected: Vec<_> = recorded.iter().map(line).collect::<Result<_>>()?;
    ensure!(
        lines == expected,
        "{} lines for {} records:\n{text}",
        lines.len(),
        expected.len()
    );
    Ok(())
}

fn line(event: &Event) -> Result<Value> {
    let runner = event.runner().as_label();
    Ok(match event {
        Event::TaskStarted { .. } => json!({"record": "task_started", "runner": runner}),
        Event::TaskCompleted {
            outcome,
            duration_ms,
            ..
        } => json!({
            "record": "task_completed",
            "runner": runner,
            "outcome": outcome.as_label(),
            "duration_ms": duration_ms,
        }),
        Event::RunnerError { error, .. } => json!({
            "record": "runner_error",
            "runner": runner,
            "error": error.as_label(),
        }),
        other => bail!("no line is known for {other:?}"),
    })
}
