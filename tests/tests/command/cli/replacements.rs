//! `run` with backends whose files change during the run.

use std::fs;

use anyhow::{Result, ensure};

use crate::cli::backends::{json, provider};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::Running;
use solti_metrics_tests::guests;

/// Starts a guest that waits, with `backend.wasm` as its backend.
fn waiting(place: &TestFolder, options: &[&str]) -> Result<Running> {
    place.write("backend.wasm", &provider("")?)?;
    let mut args = vec!["run", "--format", "json", "--backend", "backend.wasm"];
    args.extend(options);
    args.extend(["--dir", ".:rw", "guest.wasm"]);
    let mut running = Running::start(&mut place.command(&args)?)?;
    running.line("waiting")?;
    Ok(running)
}

#[test]
fn a_hangup_replacements_a_backend_without_losing_a_record() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    let mut running = waiting(&place, &[])?;
    place.write("backend.wasm", &provider("nop")?)?;
    running.signal("HUP")?;
    running.line("backend: replaced")?;
    fs::create_dir(place.path("go"))?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    let report = json(&end)?;
    let backend = &report["backends"][0];
    ensure!(
        backend["replacements"] == 1 && backend["failures"] == 0,
        "{report}"
    );
    ensure!(backend["ledger"]["delivered"] == 4, "{report}");
    Ok(())
}

#[test]
fn a_watched_backend_is_replaced_when_its_file_changes() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    let mut running = waiting(&place, &["--watch"])?;
    place.write("backend.wasm", &provider("nop nop")?)?;
    running.line("backend: replaced")?;
    fs::create_dir(place.path("go"))?;
    let end = running.end()?;
    ensure!(json(&end)?["backends"][0]["replacements"] == 1, "{end}");
    Ok(())
}

#[test]
fn a_broken_new_file_leaves_the_old_backend_in_use() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    let mut running = waiting(&place, &[])?;
    place.write("backend.wasm", b"not a component")?;
    running.signal("HUP")?;
    let said = running.line("error: backend.wasm")?;
    ensure!(said.contains("continues unchanged"), "{said}");
    fs::create_dir(place.path("go"))?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    let report = json(&end)?;
    ensure!(
        report["backends"][0]["ledger"]["delivered"] == 4,
        "{report}"
    );
    Ok(())
}

#[test]
fn a_file_that_is_no_longer_a_middleware_leaves_the_old_one_in_use() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    fs::copy(artifact("middleware", WASI), place.path("first.wasm"))?;
    let mut running = waiting(&place, &["--middleware", "first.wasm"])?;
    place.write("first.wasm", &provider("")?)?;
    running.signal("HUP")?;
    let said = running.line("error: first.wasm: is not a middleware")?;
    ensure!(said.contains("continues unchanged"), "{said}");
    fs::create_dir(place.path("go"))?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    let report = json(&end)?;
    let backends = report["backends"].as_array();
    let delivered = backends
        .into_iter()
        .flatten()
        .map(|it| &it["ledger"]["delivered"]);
    ensure!(delivered.clone().count() == 2, "{report}");
    ensure!(delivered.into_iter().all(|it| *it == 4), "{report}");
    Ok(())
}

#[test]
fn a_hangup_ends_a_run_that_has_nothing_to_reload() -> Result<()> {
    let place = TestFolder::with(&guests::looper()?)?;
    let mut running = Running::start(&mut place.command(&["run", "guest.wasm"])?)?;
    running.line("round")?;
    running.signal("HUP")?;
    ensure!(
        running.end()?.code.is_none(),
        "the command did not end by the signal"
    );
    Ok(())
}
