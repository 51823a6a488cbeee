//! Tasks in room that is set aside for them.

use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics::{MemoryMetrics, RunnerType};
use solti_metrics_host::limits::Limit;
use solti_metrics_host::runner::{CancellationToken, Pool, Runner, SpawnError, Task, TaskEnd};
use solti_metrics_tests::guest::component;

use crate::runner::{LOOPS, RECORDS, block_on, until};

#[test]
fn tasks_in_room_that_is_set_aside_are_bounded_by_it_and_no_more_than_it_has() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let mut pool = Pool::new(1);
    pool.memory = 2 << 20;
    let runner = Runner::builder(memory.clone()).pool(pool).build()?;
    ensure!(runner.pool().is_some(), "this machine has no room");

    // One task has its place, and a second one has none.
    let loops = runner.load("loops", &component(LOOPS)?)?;
    let records = runner.load("records", &component(RECORDS)?)?;
    let cancel = CancellationToken::new();
    let mut endless = Task::new();
    endless.cancel = cancel.clone();
    block_on(async {
        let second = async {
            until(|| memory.started(RunnerType::Subprocess) == 1).await;
            let second = runner.run(&records, Task::new()).await;
            cancel.cancel();
            second
        };
        let (first, second) = tokio::join!(runner.run(&loops, endless), second);
        ensure!(first?.end == TaskEnd::Canceled);
        let Err(SpawnError::NoSlot { reason }) = &second else {
            anyhow::bail!("{second:?}");
        };
        ensure!(reason.contains("limit of 1"), "{reason}");
        Ok(())
    })?;
    // The place is free again.
    let report = block_on(async { Ok(runner.run(&records, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);

    // What would not fit is run all the same, without a place.
    let large = component(&RECORDS.replace(
        r#"(memory (export "memory") 3)"#,
        r#"(memory (export "memory") 64)"#,
    ))?;
    let large = runner.load("large", &large)?;
    let report = block_on(async { Ok(runner.run(&large, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.peak_memory / 65_536 == 64, "{}", report.peak_memory);

    // What grows beyond its place is told that there is a limit.
    let grows = RECORDS.replace(
        "(call $started (i32.const 0))",
        "(if (i32.eq (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable))",
    );
    let grows = runner.load("grows", &component(&grows)?)?;
    let report = block_on(async { Ok(runner.run(&grows, Task::new()).await?) })?;
    let limit = Limit::Memory;
    ensure!(
        matches!(report.end, TaskEnd::LimitHit { limit: hit, .. } if hit == limit),
        "{}",
        report.end
    );
    Ok(())
}
