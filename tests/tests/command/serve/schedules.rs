//! When a task runs, and how often.

use anyhow::{Result, ensure};
use solti_metrics_tests::guest;
use solti_metrics_tests::guests;

use crate::serve::place::{Place, until};

/// A guest that fails: its `main` returns an error.
fn failing() -> Result<Vec<u8>> {
    guest::component(
        r#"(module (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 1))"#,
    )
}

#[test]
fn a_task_that_runs_once_runs_so_often_and_never_more_than_so_many_at_a_time() -> Result<()> {
    let place = Place::with(&[("waiter.wasm", guests::waiter()?)])?;
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
fn an_interval_goes_on_whatever_becomes_of_its_runs() -> Result<()> {
    let place = Place::with(&[("failing.wasm", failing()?)])?;
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
fn what_fails_is_tried_again_until_its_retries_are_used_up() -> Result<()> {
    let place = Place::with(&[("failing.wasm", failing()?)])?;
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
    // Each of the three begins, and is tried again twice.
    ensure!(task["runs"]["failure"] == 9, "{task}");
    ensure!(task["running"] == 0 && task["waiting"] == 0, "{task}");
    Ok(())
}

#[test]
fn a_task_that_is_to_run_all_the_time_is_done_when_it_succeeds() -> Result<()> {
    let place = Place::with(&[("maker.wasm", guests::maker()?)])?;
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
fn a_pause_after_a_failure_takes_no_place() -> Result<()> {
    let place = Place::with(&[
        ("failing.wasm", failing()?),
        ("waiter.wasm", guests::waiter()?),
    ])?;
    // Two places: one is the waiter's, and whoever pauses has none.
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
    // Asked to stop, it does not wait for the pause to pass.
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_run_that_takes_too_long_is_a_timeout_and_is_tried_again() -> Result<()> {
    let place = Place::with(&[("looper.wasm", guests::looper()?)])?;
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
    let place = Place::with(&[("maker.wasm", guests::maker()?)])?;
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
