use std::fs;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::served::Served;

use crate::serve::test_folder::TestFolder;

#[test]
fn a_task_runs_its_number_of_times_and_the_runner_stops_in_order() -> Result<()> {
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
    // Each run reads a file that does not exist.
    let failed = r#"solti_runner_tasks_completed_total{runner="wasm",outcome="failure"}"#;
    ensure!(served.sample(failed)? == 3.0);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.stderr.contains(r#""message":"stopped""#), "{end}");
    Ok(())
}

/// If the clock of a machine is set, the kernel reports another start time of the
/// machine. The test sets nothing where it cannot mount a file over the kernel's.
#[test]
fn the_start_time_of_the_process_is_constant_when_the_clock_is_set() -> Result<()> {
    let place = TestFolder::with(&[])?;
    let script = r#"
        cat /proc/stat >stat
        unshare -rm true 2>/dev/null || exec "$@"
        exec unshare -rm sh -c 'mount --bind stat /proc/stat; exec "$@"' sh "$@""#;
    let served = place.serve_by(script, "[tasks]\n")?;
    // The file changes before the first request.
    let stat = fs::read_to_string(place.path("stat"))?;
    let lines = stat.lines().map(|line| match line.strip_prefix("btime ") {
        Some(_) => "btime 1000000000\n".to_owned(),
        None => format!("{line}\n"),
    });
    place.write("stat", lines.collect::<String>().as_bytes())?;
    let began = served.sample("process_start_time_seconds")?;
    ensure!(began > 1_500_000_000.0, "{began}");
    ensure!(served.sample("process_cpu_seconds_total")? >= 0.0);
    Ok(())
}
