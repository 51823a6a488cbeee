//! The guest fails in the middle of a task.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, MemoryMetrics, RunnerType, TaskOutcome};
use solti_metrics_host::runner::{RecordingMode, Runner, Task, TaskEnd};
use solti_metrics_host::wasi::Output;
use solti_metrics_tests::kept;

pub(crate) fn check(component: &Path, path: RecordingMode, speaks: bool) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone())
        .recording_mode(path)
        .artifacts(cached_code::artifacts()?)
        .build()?;
    let program = cached_code::program(&runner, component)?;
    let mut task = Task::new();
    task.stderr = Output::Capture;
    let tokio = tokio::runtime::Runtime::new()?;
    let report = tokio.block_on(runner.run(&program, task))?;

    let said = String::from_utf8_lossy(&report.stderr);
    ensure!(
        matches!(
            report.end,
            TaskEnd::Trapped { .. } | TaskEnd::Exited { code: 1.. }
        ),
        "it {}: {said}",
        report.end
    );
    ensure!(said.contains("boom in the middle") == speaks, "{said}");
    // The guest's own task has started, and has no end. The runner records the end of the
    // program.
    let runner = RunnerType::Wasm;
    let events = memory.events();
    let (last, before) = events.split_last().context("no records")?;
    ensure!(before == [Event::TaskStarted { runner }; 2], "{events:?}");
    ensure!(
        matches!(
            last,
            Event::TaskCompleted {
                runner: RunnerType::Wasm,
                outcome: TaskOutcome::Failure,
                ..
            }
        ),
        "{last:?}"
    );
    let ledger = &report.ledger;
    ensure!(
        (ledger.accepted(), ledger.delivered(), ledger.in_flight()) == (1, 1, 0),
        "{ledger:?}"
    );
    Ok(())
}
