use std::fs;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::served::Served;

#[test]
fn a_task_runs_as_often_as_it_is_to_and_everything_stops_in_order() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("hello", WASI), folder.path().join("hello.wasm"))?;
    let served = Served::start(
        folder.path(),
        r#"
        [tasks.hello]
        component = "hello.wasm"
        args = ["/nowhere"]
        repeat = 3
        concurrency = 2
        "#,
    )?;
    served.until("the task is done", |served| {
        let state = &served.json("/api/tasks")?["tasks"][0]["state"];
        Ok((state == "done").then_some(()))
    })?;
    let runs = r#"solti_metrics_task_runs_total{task="hello",outcome="success"}"#;
    ensure!(served.sample(runs)? == 3.0);
    // Each run reads one file, which is not there.
    let failed = r#"solti_runner_tasks_completed_total{runner="wasm",outcome="failure"}"#;
    ensure!(served.sample(failed)? == 3.0);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.stderr.contains(r#""message":"stopped""#), "{end}");
    Ok(())
}
