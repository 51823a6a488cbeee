//! A run that is due while other runs of its task continue.

use anyhow::{Result, ensure};
use serde_json::Value;
use solti_metrics_tests::guests;

use crate::serve::test_folder::{TestFolder, count, task, until};

/// A task whose guests wait for a signal, and which is often due.
fn waiters(more: &str) -> String {
    format!(
        r#"
        [tasks.waiter]
        component = "waiter.wasm"
        dirs = [".:rw"]
        schedule = "interval"
        interval = "10ms"
        {more}
        "#
    )
}

#[test]
fn runs_wait_up_to_the_capacity_and_more_are_rejected() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("concurrency = 2\nqueue_capacity = 3"))?;
    let full = |task: &Value| task["running"] == 2 && task["waiting"] == 3;
    let before = until(&served, "waiter", |task| {
        full(task) && task["rejected"].as_u64() >= Some(5)
    })?;
    ensure!(before["runs"]["success"] == 0, "{before}");
    for done in 1..=4 {
        place.go(&served)?;
        // The waiting run starts, and another one waits.
        until(&served, "waiter", |task| {
            full(task) && task["runs"]["success"] == done
        })?;
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        end.stderr.matches(r#""message":"run ended""#).count() == 6,
        "{end}"
    );
    Ok(())
}

#[test]
fn without_a_queue_no_run_waits() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("queue_capacity = 0"))?;
    let task = until(&served, "waiter", |task| {
        task["rejected"].as_u64() >= Some(5)
    })?;
    ensure!(task["running"] == 1 && task["waiting"] == 0, "{task}");
    Ok(())
}

#[test]
fn a_rejected_run_is_counted_and_affects_no_other_run() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("admission = \"reject\"\nconcurrency = 2"))?;
    let first = until(&served, "waiter", |task| {
        task["running"] == 2 && task["rejected"].as_u64() >= Some(5)
    })?;
    ensure!(first["waiting"] == 0 && first["last"].is_null(), "{first}");
    place.go(&served)?;
    let after = until(&served, "waiter", |task| {
        task["running"] == 2 && task["runs"]["success"] == 1
    })?;
    ensure!(after["runs"]["canceled"] == 0, "{after}");
    Ok(())
}

#[test]
fn a_replacing_run_starts_after_the_canceled_run_has_ended() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("admission = \"replace\""))?;
    let task = until(&served, "waiter", |task| {
        task["runs"]["canceled"].as_u64() >= Some(10)
    })?;
    ensure!(count(&task["running"])? <= 1, "{task}");
    ensure!(task["runs"]["failure"] == 0, "{task}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn concurrent_runs_stay_within_the_limits_of_the_task_and_the_runner() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 7)?)])?;
    let mut config = "[runner]\nconcurrency = 3\n".to_owned();
    for (name, more) in [
        ("queued", "concurrency = 2\nqueue_capacity = 2"),
        ("replaced", "concurrency = 2\nadmission = \"replace\""),
        ("rejected", "concurrency = 2\nadmission = \"reject\""),
    ] {
        config += &format!(
            "[tasks.{name}]\ncomponent = \"teller.wasm\"\nschedule = \"interval\"\ninterval = \"3ms\"\n{more}\n"
        );
    }
    let served = place.serve(&config)?;
    let mut most = 0;
    let enough = |task: &Value| {
        let runs = &task["runs"];
        runs["success"]
            .as_u64()
            .zip(runs["canceled"].as_u64())
            .map(|(a, b)| a + b)
            >= Some(60)
    };
    loop {
        let answer = served.json("/api/tasks")?;
        let tasks = answer["tasks"].as_array().map_or(&[][..], |tasks| tasks);
        let mut running = 0;
        for task in tasks {
            ensure!(count(&task["running"])? <= 2, "{task}");
            ensure!(count(&task["waiting"])? <= 4, "{task}");
            running += count(&task["running"])?;
        }
        ensure!(running <= 3, "{answer}");
        most = most.max(running);
        if tasks.iter().all(enough) {
            break;
        }
    }
    ensure!(most == 3, "never more than {most}");
    let queued = task(&served, "queued")?;
    ensure!(queued["runs"]["canceled"] == 0, "{queued}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}
