//! Many tasks with default keys.

use anyhow::{Result, ensure};
use serde_json::Value;
use solti_metrics_tests::guest::component;

use crate::serve::test_folder::TestFolder;

#[test]
fn a_thousand_tasks_with_default_keys_run() -> Result<()> {
    let guest = component(
        r#"(module (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#,
    )?;
    let place = TestFolder::with(&[("guest.wasm", guest)])?;
    let mut config = String::new();
    for number in 0..1_000 {
        config += &format!(
            "[tasks.t{number}]\ncomponent = \"guest.wasm\"\nschedule = \"interval\"\ninterval = \"1h\"\n"
        );
    }
    let served = place.serve(&config)?;
    let tasks = served.until("each task has run", |served| {
        let mut answer = served.json("/api/tasks")?;
        let Value::Array(tasks) = answer["tasks"].take() else {
            return Ok(None);
        };
        let has_run = |task: &Value| task["runs"]["success"] == 1;
        Ok(tasks.iter().all(has_run).then_some(tasks))
    })?;
    ensure!(tasks.len() == 1_000, "{} tasks", tasks.len());
    let idle = |task: &&Value| task["state"] == "idle" && task["waiting"] == 0;
    let other = tasks.iter().find(|task| !idle(task));
    ensure!(other.is_none(), "{other:?}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let ended = end.stderr.matches(r#""message":"run ended""#).count();
    ensure!(ended == 1_000, "{ended} runs");
    Ok(())
}
