//! Tasks in pre-allocated slots of a pool.

use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics::{MemoryMetrics, RunnerType};
use solti_metrics_host::limits::Limit;
use solti_metrics_host::runner::{CancellationToken, Pool, Runner, SpawnError, Task, TaskEnd};
use solti_metrics_tests::guest::component;

use crate::runner::{LOOPS, RECORDS, block_on, until};

#[test]
fn tasks_of_a_pool_stay_within_its_slots_and_their_size() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let mut pool = Pool::new(1);
    pool.memory = 2 << 20;
    let runner = Runner::builder(memory.clone()).pool(pool).build()?;
    ensure!(runner.pool().is_some(), "this machine has no room");

    // The first task has the only slot, and a second one has none.
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
    // The slot is free again.
    let report = block_on(async { Ok(runner.run(&records, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);

    // A component that exceeds a slot still runs, without a slot.
    let large = component(&RECORDS.replace(
        r#"(memory (export "memory") 3)"#,
        r#"(memory (export "memory") 64)"#,
    ))?;
    let large = runner.load("large", &large)?;
    let report = block_on(async { Ok(runner.run(&large, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.peak_memory / 65_536 == 64, "{}", report.peak_memory);

    // A guest that grows beyond its slot gets the error of a limit.
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
