//! What becomes of a run that is due while others of its task go on.

use anyhow::{Result, ensure};
use serde_json::Value;
use solti_metrics_tests::guests;

use crate::serve::place::{Place, count, task, until};

/// A task whose guests wait to be let go on, due again and again.
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
fn runs_wait_up_to_the_bound_and_more_are_turned_away() -> Result<()> {
    let place = Place::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("concurrency = 2\nqueue_capacity = 3"))?;
    let full = |task: &Value| task["running"] == 2 && task["waiting"] == 3;
    let before = until(&served, "waiter", |task| {
        full(task) && task["rejected"].as_u64() >= Some(5)
    })?;
    ensure!(before["runs"]["success"] == 0, "{before}");
    for done in 1..=4 {
        place.go(&served)?;
        // Who waited begins, and another one waits.
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
fn without_a_queue_nothing_waits() -> Result<()> {
    let place = Place::with(&[("waiter.wasm", guests::waiter()?)])?;
    let served = place.serve(&waiters("queue_capacity = 0"))?;
    let task = until(&served, "waiter", |task| {
        task["rejected"].as_u64() >= Some(5)
    })?;
    ensure!(task["running"] == 1 && task["waiting"] == 0, "{task}");
    Ok(())
}

#[test]
fn a_run_that_is_rejected_is_counted_and_disturbs_nobody() -> Result<()> {
    let place = Place::with(&[("waiter.wasm", guests::waiter()?)])?;
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
fn a_run_that_replaces_another_begins_when_that_has_ended_as_canceled() -> Result<()> {
    let place = Place::with(&[("waiter.wasm", guests::waiter()?)])?;
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
fn what_runs_at_once_is_never_more_than_the_task_or_the_runner_may() -> Result<()> {
    let place = Place::with(&[("teller.wasm", guests::teller("stdout", "", 7)?)])?;
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
