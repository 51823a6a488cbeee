//! The effects of a changed configuration, and the parts that it leaves alone.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::{guest, guests};

use crate::serve::test_folder::{TestFolder, count, task, until};

/// A task of this name whose guest waits, with further settings.
fn waiter(name: &str, more: &str) -> String {
    format!("[tasks.{name}]\ncomponent = \"{name}.wasm\"\ndirs = [\".:rw\"]\n{more}\n")
}

/// The same component with other bytes: a custom section at its end.
fn altered(mut component: Vec<u8>) -> Vec<u8> {
    component.extend([0, 2, 1, b'x']);
    component
}

#[test]
fn only_changed_tasks_restart() -> Result<()> {
    let bytes = guests::waiter()?;
    let names = ["unchanged", "changed", "removed", "new"];
    let files = names.map(|name| (format!("{name}.wasm"), bytes.clone()));
    let files: Vec<_> = files
        .iter()
        .map(|(name, it)| (&**name, it.clone()))
        .collect();
    let place = TestFolder::with(&files)?;
    let [unchanged, changed, removed] =
        ["unchanged", "changed", "removed"].map(|name| waiter(name, ""));
    let mut served = place.serve(&format!("{unchanged}{changed}{removed}"))?;
    for name in ["unchanged", "changed", "removed"] {
        until(&served, name, |task| task["running"] == 1)?;
    }
    let changed = waiter("changed", "args = [\"again\"]");
    let new = waiter("new", "");
    let error = served.reload(&format!("{unchanged}{changed}{new}"))?;
    ensure!(error.is_none(), "{error:?}");
    let answer = until(&served, "changed", |task| task["running"] == 1)?;
    ensure!(answer["runs"]["canceled"] == 1, "{answer}");
    until(&served, "new", |task| task["running"] == 1)?;
    let answer = task(&served, "unchanged")?;
    ensure!(
        answer["running"] == 1 && answer["last"].is_null(),
        "{answer}"
    );
    ensure!(task(&served, "removed").is_err());
    let page = served.page("/metrics")?;
    ensure!(!page.contains("task_running{task=\"removed\""), "{page}");
    for _ in 0..3 {
        place.go(&served)?;
    }
    // The unchanged task still has its run.
    let answer = until(&served, "unchanged", |task| task["state"] == "done")?;
    ensure!(
        answer["runs"]["success"] == 1 && answer["runs"]["canceled"] == 0,
        "{answer}"
    );
    let answer = until(&served, "changed", |task| task["state"] == "done")?;
    ensure!(
        answer["runs"]["success"] == 1 && answer["runs"]["canceled"] == 1,
        "{answer}"
    );
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_task_with_changed_bytes_restarts() -> Result<()> {
    let bytes = guests::waiter()?;
    let place = TestFolder::with(&[("waiter.wasm", bytes.clone())])?;
    let mut served = place.serve(&waiter("waiter", ""))?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    ensure!(served.reload_as_it_is()?.is_none());
    let before = task(&served, "waiter")?;
    ensure!(before["last"].is_null(), "{before}");
    fs::write(place.path("waiter.wasm"), altered(bytes))?;
    ensure!(served.reload_as_it_is()?.is_none());
    let after = until(&served, "waiter", |task| task["running"] == 1)?;
    ensure!(after["runs"]["canceled"] == 1, "{after}");
    Ok(())
}

#[test]
fn a_missing_component_leaves_the_run_alone_and_is_reported() -> Result<()> {
    let bytes = guests::waiter()?;
    let place = TestFolder::with(&[("waiter.wasm", bytes.clone())])?;
    let mut served = place.serve(&waiter("waiter", ""))?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    fs::remove_file(place.path("waiter.wasm"))?;
    let error = served.reload_as_it_is()?.context("no error")?;
    ensure!(error.contains("waiter.wasm"), "{error}");
    let loaded = r#"solti_metrics_task_loaded{task="waiter"}"#;
    ensure!(served.sample(loaded)? == 0.0);
    let failed = r#"solti_metrics_config_reloads_total{result="failed"}"#;
    ensure!(served.sample(failed)? == 1.0);
    let good = "solti_metrics_config_last_reload_successful";
    ensure!(served.sample(good)? == 0.0);
    let answer = task(&served, "waiter")?;
    ensure!(
        answer["running"] == 1 && answer["error"].is_string(),
        "{answer}"
    );
    fs::write(place.path("waiter.wasm"), bytes)?;
    ensure!(served.reload_as_it_is()?.is_none());
    ensure!(served.sample(loaded)? == 1.0 && served.sample(good)? == 1.0);
    let answer = task(&served, "waiter")?;
    ensure!(
        answer["last"].is_null() && answer["error"].is_null(),
        "{answer}"
    );
    Ok(())
}

#[test]
fn a_new_task_that_cannot_be_loaded_is_shown_as_such() -> Result<()> {
    let place = TestFolder::with(&[])?;
    let mut served = place.serve("")?;
    let error = served.reload(&waiter("waiter", ""))?.context("no error")?;
    ensure!(error.contains("waiter.wasm"), "{error}");
    let answer = task(&served, "waiter")?;
    ensure!(
        answer["state"] == "not_loaded" && answer["recording_mode"].is_null(),
        "{answer}"
    );
    ensure!(answer["error"].is_string(), "{answer}");
    ensure!(served.sample(r#"solti_metrics_task_loaded{task="waiter"}"#)? == 0.0);
    fs::write(place.path("waiter.wasm"), guests::waiter()?)?;
    ensure!(served.reload_as_it_is()?.is_none());
    until(&served, "waiter", |task| task["running"] == 1)?;
    ensure!(served.sample(r#"solti_metrics_task_loaded{task="waiter"}"#)? == 1.0);
    // A removed task is gone.
    ensure!(served.reload("[tasks]\n")?.is_none());
    ensure!(task(&served, "waiter").is_err());
    Ok(())
}

#[test]
fn an_unusable_configuration_changes_nothing() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let mut served = place.serve(&waiter("waiter", ""))?;
    until(&served, "waiter", |task| task["running"] == 1)?;
    for broken in [
        "[tasks.waiter",
        "[tasks.waiter]\ncomponent = 1",
        "nonsense = true",
    ] {
        let error = served.reload(broken)?.context("no error")?;
        ensure!(
            error.contains("the previous configuration continues"),
            "{error}"
        );
        let answer = task(&served, "waiter")?;
        ensure!(
            answer["running"] == 1 && answer["last"].is_null(),
            "{answer}"
        );
    }
    ensure!(served.get("/readyz")?.status == 200);
    Ok(())
}

#[test]
fn a_setting_that_needs_a_restart_is_reported() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let mut served = place.serve(&waiter("waiter", ""))?;
    for (more, what) in [
        (
            format!("[runner]\nconcurrency = 3\n{}", waiter("waiter", "")),
            "[runner]",
        ),
        // The pool has no capacity for this limit.
        (waiter("waiter", "max_memory = \"1GiB\""), "max_memory"),
    ] {
        let error = served.reload(&more)?.context("no error")?;
        ensure!(error.contains(what) && error.contains("restart"), "{error}");
    }
    Ok(())
}

#[test]
fn many_requests_in_a_row_lose_no_run_and_no_record() -> Result<()> {
    let recorder = guest::component(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (call $started (i32.const 1)) i32.const 0))"#,
    )?;
    let place = TestFolder::with(&[("recorder.wasm", recorder)])?;
    let config = |name: &str, argument: u32| {
        format!(
            "[tasks.{name}]\ncomponent = \"recorder.wasm\"\nargs = [\"{argument}\"]\nschedule = \"interval\"\ninterval = \"2ms\"\n"
        )
    };
    let mut served = place.serve(&format!("{}{}", config("same", 0), config("other", 0)))?;
    for round in 1..=20 {
        // Several signals, which may coincide.
        for _ in 0..3 {
            served.signal("HUP")?;
        }
        let error = served.reload(&format!("{}{}", config("same", 0), config("other", round)))?;
        ensure!(error.is_none(), "{error:?}");
    }
    for name in ["same", "other"] {
        let task = until(&served, name, |task| {
            task["runs"]["success"].as_u64() >= Some(50)
        })?;
        ensure!(task["runs"]["failure"] == 0, "{task}");
    }
    served.reload(&config("same", 0).replace("2ms", "1h"))?;
    let same = until(&served, "same", |task| {
        task["running"] == 0 && task["waiting"] == 0
    })?;
    let runs = count(&same["runs"]["success"])?;
    let accepted = count(&same["ledger"]["accepted"])?;
    ensure!(runs <= accepted, "{same}");
    Ok(())
}
