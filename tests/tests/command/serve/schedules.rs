//! Schedules and numbers of runs.

use anyhow::{Result, ensure};
use solti_metrics_tests::guest;
use solti_metrics_tests::guests;

use crate::serve::test_folder::{TestFolder, until};

/// A guest that fails: its `main` returns an error.
fn failing() -> Result<Vec<u8>> {
    guest::component(
        r#"(module (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 1))"#,
    )
}

#[test]
fn a_task_that_runs_once_has_its_repetitions_within_its_concurrency() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(
        r#"
        [tasks.waiter]
        component = "waiter.wasm"
        dirs = [".:rw"]
        repeat = 5
        concurrency = 2
        "#,
    )?;
    for done in 0..5 {
        let running = 2.min(5 - done);
        let task = until(&served, "waiter", |task| {
            task["runs"]["success"] == done && task["running"] == running
        })?;
        ensure!(task["waiting"] == 0, "{task}");
        place.go(&served)?;
    }
    let task = until(&served, "waiter", |task| task["state"] == "done")?;
    ensure!(task["runs"]["success"] == 5, "{task}");
    ensure!(task["rejected"] == 0, "{task}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn an_interval_continues_after_each_end_of_a_run() -> Result<()> {
    let place = TestFolder::with(&[("failing.wasm", failing()?)])?;
    let served = place.serve(
        r#"
        [tasks.failing]
        component = "failing.wasm"
        schedule = "interval"
        interval = "5ms"
        "#,
    )?;
    let task = until(&served, "failing", |task| {
        task["runs"]["failure"].as_u64() >= Some(70)
    })?;
    ensure!(task["runs"]["success"] == 0, "{task}");
    ensure!(task["last"]["outcome"] == "failure", "{task}");
    ensure!(
        task["recent"].as_array().map(Vec::len) == Some(60),
        "{task}"
    );
    Ok(())
}

#[test]
fn a_failed_run_is_retried_up_to_its_maximum() -> Result<()> {
    let place = TestFolder::with(&[("failing.wasm", failing()?)])?;
    let served = place.serve(
        r#"
        [tasks.failing]
        component = "failing.wasm"
        schedule = "restart"
        concurrency = 3
        [tasks.failing.backoff]
        initial_backoff = "10ms"
        max_backoff = "20ms"
        max_retries = 2
        "#,
    )?;
    let task = until(&served, "failing", |task| task["state"] == "stopped")?;
    // Each of the three runs starts, and is retried twice.
    ensure!(task["runs"]["failure"] == 9, "{task}");
    ensure!(task["running"] == 0 && task["waiting"] == 0, "{task}");
    Ok(())
}

#[test]
fn a_restarting_task_is_done_after_a_success() -> Result<()> {
    let place = TestFolder::with(&[("maker.wasm", guests::maker()?)])?;
    let served = place.serve(
        r#"
        [tasks.maker]
        component = "maker.wasm"
        args = ["in/made"]
        dirs = [".:rw"]
        schedule = "restart"
        [tasks.maker.backoff]
        initial_backoff = "10ms"
        max_backoff = "10ms"
        "#,
    )?;
    until(&served, "maker", |task| {
        task["runs"]["failure"].as_u64() >= Some(3)
    })?;
    std::fs::create_dir(place.path("in"))?;
    let task = until(&served, "maker", |task| task["state"] == "done")?;
    ensure!(task["runs"]["success"] == 1, "{task}");
    ensure!(task["last"]["outcome"] == "success", "{task}");
    Ok(())
}

#[test]
fn a_pause_after_a_failure_takes_no_slot() -> Result<()> {
    let place = TestFolder::with(&[
        ("failing.wasm", failing()?),
        ("waiter.wasm", guests::waiter()?),
    ])?;
    // Two slots: the waiter has one, and a pausing task has none.
    let served = place.serve(
        r#"
        [runner]
        concurrency = 2
        [tasks.failing]
        component = "failing.wasm"
        schedule = "restart"
        backoff = { initial_backoff = "1h", max_backoff = "1h", jitter = "none" }
        [tasks.waiter]
        component = "waiter.wasm"
        dirs = [".:rw"]
        repeat = 2
        concurrency = 2
        "#,
    )?;
    until(&served, "failing", |task| task["state"] == "backing_off")?;
    until(&served, "waiter", |task| task["running"] == 2)?;
    // A stop does not wait for the end of the pause.
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_run_that_takes_too_long_is_a_timeout_and_is_retried() -> Result<()> {
    let place = TestFolder::with(&[("looper.wasm", guests::looper()?)])?;
    let served = place.serve(
        r#"
        [tasks.looper]
        component = "looper.wasm"
        schedule = "restart"
        timeout = "30ms"
        backoff = { initial_backoff = "10ms", max_backoff = "10ms", max_retries = 2 }
        "#,
    )?;
    let task = until(&served, "looper", |task| task["state"] == "stopped")?;
    ensure!(task["runs"]["timeout"] == 3, "{task}");
    ensure!(task["last"]["outcome"] == "timeout", "{task}");
    let timeouts = r#"solti_runner_tasks_completed_total{runner="wasm",outcome="timeout"}"#;
    ensure!(served.sample(timeouts)? == 3.0);
    Ok(())
}

#[test]
fn a_run_without_its_directory_is_start_failed_and_is_tried_again() -> Result<()> {
    let place = TestFolder::with(&[("maker.wasm", guests::maker()?)])?;
    let served = place.serve(
        r#"
        [tasks.maker]
        component = "maker.wasm"
        args = ["made"]
        dirs = ["room::/:rw"]
        schedule = "restart"
        backoff = { initial_backoff = "10ms", max_backoff = "10ms" }
        "#,
    )?;
    let task = until(&served, "maker", |task| {
        task["runs"]["start_failed"].as_u64() >= Some(2)
    })?;
    let detail = task["last"]["detail"].as_str().unwrap_or_default();
    ensure!(detail.contains("room"), "{task}");
    std::fs::create_dir(place.path("room"))?;
    let task = until(&served, "maker", |task| task["state"] == "done")?;
    ensure!(task["runs"]["success"] == 1, "{task}");
    ensure!(place.path("room/made").is_dir());
    Ok(())
}
