//! The ledgers of a task, of all guests and of the runner.

use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics::{MemoryMetrics, MetricsHandle};
use solti_metrics_host::runner::{Program, RecordingMode, Runner, Task};
use solti_metrics_host::{DropReason, LedgerTotals};
use solti_metrics_tests::guest::component;

use crate::runner::{RECORDS, balanced, block_on};

fn run(
    runner: &Runner,
    program: &Program,
    totals: &LedgerTotals,
    quota: Option<u64>,
) -> Result<()> {
    let mut task = Task::new();
    (task.totals, task.quota) = (Some(totals.clone()), quota);
    block_on(async { Ok(runner.run(program, task).await?) })?;
    Ok(())
}

#[test]
fn the_totals_of_a_task_have_its_records_and_the_guests_totals_have_all() -> Result<()> {
    for path in [RecordingMode::Inline, RecordingMode::Direct] {
        let memory = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(memory as MetricsHandle)
            .recording_mode(path)
            .build()?;
        let program = runner.load("records", &component(RECORDS)?)?;
        let (one, other) = (LedgerTotals::new(), LedgerTotals::new());
        for _ in 0..2 {
            run(&runner, &program, &one, None)?;
        }
        balanced(one.total(), 6)?;
        // No other task has run.
        ensure!(one.total() == runner.guest_ledger());

        run(&runner, &program, &other, Some(1))?;
        balanced(one.total(), 6)?;
        let total = other.total();
        ensure!((total.accepted(), total.delivered()) == (3, 1), "{total:?}");
        ensure!(total.dropped(DropReason::Quota) == 2, "{total:?}");
        ensure!(one.total() + total == runner.guest_ledger());
        balanced(runner.own_ledger(), 6)?;
    }
    Ok(())
}

#[test]
fn shared_totals_of_guests_exclude_the_runners_records() -> Result<()> {
    let (memory, totals) = (Arc::new(MemoryMetrics::new()), LedgerTotals::new());
    let runner = Runner::builder(memory)
        .ledger_totals(&totals, &LedgerTotals::new())
        .build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    run(&runner, &program, &totals, None)?;
    balanced(totals.total(), 3)?;
    ensure!(totals.total() == runner.guest_ledger());
    balanced(runner.own_ledger(), 2)
}
