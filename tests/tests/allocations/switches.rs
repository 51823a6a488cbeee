//! Context switches of the thread that runs tasks. A switch in each task would mean that a
//! task waits for another thread.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Pool, RecordingMode, Runner, Task, TaskEnd};
use solti_metrics_tests::guest::component;

use crate::recording;

const TASKS: u64 = 1_000;

/// Maximum number of switches in all these tasks. The kernel makes this thread wait when
/// another thread of the process changes the address space at the same time, which happens
/// a few times in all.
const SWITCHES: u64 = 50;

#[test]
fn a_task_through_the_runner_never_waits_for_another_thread() -> Result<()> {
    for mode in [RecordingMode::Inline, RecordingMode::Direct] {
        for pool in [None, Some(Pool::new(1))] {
            let pooled = pool.is_some();
            let mut runner = Runner::builder(noop_metrics()).recording_mode(mode);
            if let Some(pool) = pool {
                runner = runner.pool(pool);
            }
            let switches = switches(&runner.build()?)?;
            ensure!(
                switches <= SWITCHES,
                "{mode:?}, with a pool: {pooled}: {switches} switches in {TASKS} tasks"
            );
        }
    }
    Ok(())
}

/// Switches of this thread while it runs the tasks.
fn switches(runner: &Runner) -> Result<u64> {
    let program = runner.load("guest", &component(&recording(300, "(i32.const 0)"))?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let before = voluntary()?;
        for _ in 0..TASKS {
            let end = runner.run(&program, Task::new()).await?.end;
            ensure!(end == TaskEnd::Exited { code: 0 }, "{end}");
        }
        Ok(voluntary()? - before)
    })
}

/// The number of times that this thread waited. A thread that is interrupted does not wait,
/// so other load on the machine does not count.
fn voluntary() -> Result<u64> {
    let status = fs::read_to_string("/proc/thread-self/status")?;
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    Ok(count.context("no number of switches")?.trim().parse()?)
}
