//! A full disk. The test sets a limit on the size of files, which needs no privileges and
//! fails writes in the same way.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guests;

use crate::serve::stopping::{books, vast};
use crate::serve::test_folder::{TestFolder, count, until, until_backend};

/// The maximum size of a file for this process, in bytes.
fn largest(id: u32) -> Result<u64> {
    let limits = fs::read_to_string(format!("/proc/{id}/limits"))?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max file size"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    Ok(soft.context("no limit")?.parse()?)
}

#[test]
fn records_that_do_not_fit_are_counted_and_tasks_continue() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 0)?)])?;
    fs::copy(artifact("jsonl", WASI), place.path("jsonl.wasm"))?;
    fs::create_dir(place.path("out"))?;
    // Guests' memories are files as well. The limit leaves space for them.
    let served = place.serve_by(
        r#"ulimit -f 16384 && exec "$@""#,
        r#"
        [tasks.teller]
        component = "teller.wasm"
        schedule = "interval"
        interval = "2ms"
        [backends.lines]
        component = "jsonl.wasm"
        grants = ["dir=out::/out:rw"]
        "#,
    )?;
    until_backend(&served, "lines", |it| {
        it["ledger"]["delivered"].as_u64() >= Some(1)
    })?;
    let (path, largest) = (place.path("out/metrics.jsonl"), largest(served.id())?);
    let file = fs::OpenOptions::new().write(true).open(&path)?;
    file.set_len(largest - 1_000)?;
    until_backend(&served, "lines", |it| {
        it["ledger"]["dropped"]["backend_failed"].as_u64() >= Some(20)
    })?;
    let runs = count(&until(&served, "teller", |_| true)?["runs"]["success"])?;
    until(&served, "teller", |task| {
        task["runs"]["success"].as_u64() > Some(runs + 20)
    })?;
    ensure!(fs::metadata(&path)?.len() <= largest);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}

#[test]
fn code_that_does_not_fit_is_counted_and_still_runs() -> Result<()> {
    let place = TestFolder::with(&[("vast.wasm", vast(60)?)])?;
    let served = place.serve_by(
        r#"ulimit -f 128 && exec "$@""#,
        "[compilation]\ncache = \"code\"\n[tasks.vast]\ncomponent = \"vast.wasm\"\nrepeat = 3\n",
    )?;
    until(&served, "vast", |task| task["runs"]["success"] == 3)?;
    let failures = "solti_metrics_compilation_cache_store_failures_total";
    ensure!(served.sample(failures)? == 1.0);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        end.stderr
            .matches("code cannot be stored in the compilation cache")
            .count()
            == 1,
        "{end}"
    );
    Ok(())
}
