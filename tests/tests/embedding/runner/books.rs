//! The ledgers of a task, of all guests and of the runner.

use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics::{MemoryMetrics, MetricsHandle};
use solti_metrics_host::runner::{Program, RecordPath, Runner, Task};
use solti_metrics_host::{DropReason, LedgerBook, MetricsCtx};
use solti_metrics_tests::guest::component;

use crate::runner::{RECORDS, balanced, block_on};

fn run(runner: &Runner, program: &Program, book: &LedgerBook, quota: Option<u64>) -> Result<()> {
    let mut task = Task::new();
    (task.book, task.quota) = (Some(book.clone()), quota);
    block_on(async { Ok(runner.run(program, task).await?) })?;
    Ok(())
}

#[test]
fn the_totals_of_a_task_have_its_records_and_the_guests_totals_have_all() -> Result<()> {
    for path in [RecordPath::Inline, RecordPath::Direct] {
        let memory = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(memory as MetricsHandle)
            .path(path)
            .build()?;
        let program = runner.load("records", &component(RECORDS)?)?;
        let (one, other) = (LedgerBook::new(), LedgerBook::new());
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
    let (memory, book) = (Arc::new(MemoryMetrics::new()), LedgerBook::new());
    let guests = MetricsCtx::builder().handle(memory.clone()).book(&book);
    let runner = Runner::builder(memory).metrics(guests).build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    run(&runner, &program, &book, None)?;
    balanced(book.total(), 3)?;
    ensure!(book.total() == runner.guest_ledger());
    balanced(runner.own_ledger(), 2)
}
