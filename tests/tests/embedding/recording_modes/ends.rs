//! For each end of a task, its earlier records are delivered in order, once.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use solti_metrics::{RunnerType, TaskOutcome};
use solti_metrics_host::runner::{CancellationToken, ProgramRecording, Task, TaskEnd};

use solti_metrics_tests::guest::asynchronous;
use solti_metrics_tests::runs::{
    BOTH, End, block_on, everywhere, remembering, seen, seen_by, until, within_task,
};

use super::guests::{endless, ensure_counted, once_for_each_argument, times};

/// Capacity of a ring, as in `host/src/inline/ring.rs`.
const RING: usize = 256;

#[test]
fn a_trap_loses_no_earlier_record() -> Result<()> {
    let (runner, memory) = remembering(BOTH[0])?;
    let guest = once_for_each_argument("unreachable")?;
    for guest in [asynchronous(&guest), guest] {
        let program = runner.load("guest", &guest)?;
        ensure!(
            *program.recording() == ProgramRecording::Inline,
            "{program:?}"
        );
        for records in 0..=2 * RING {
            memory.clear();
            let mut task = Task::new();
            task.args = vec!["once".to_owned(); records];
            let seen = seen_by(&runner, &memory, &program, task)?;
            ensure!(seen.end == End::Trapped, "{records}: {:?}", seen.end);
            ensure!(seen.events.len() == records, "{records}: {:?}", seen.ledger);
            ensure_counted(&seen.events).with_context(|| format!("{records} records"))?;
        }
    }
    Ok(())
}

#[test]
fn a_stack_overflow_leaves_earlier_records_in_order() -> Result<()> {
    for (path, guest) in everywhere(&times(0, "(call $deep)")?) {
        let seen = seen(path, |runner| runner, &guest, Task::new())?;
        ensure!(
            matches!(&seen.end, End::Other(end) if end.contains("stack")),
            "{:?}",
            seen.end
        );
        ensure!(seen.events.len() > RING, "{path:?}: {}", seen.events.len());
        ensure_counted(&seen.events)?;
    }
    Ok(())
}

#[test]
fn a_task_canceled_at_any_point_has_delivered_its_records() -> Result<()> {
    let guest = endless()?;
    for (path, guest) in everywhere(&guest) {
        let (runner, memory) = remembering(path)?;
        let program = runner.load("endless", &guest)?;
        for wanted in wanted() {
            memory.clear();
            let cancel = CancellationToken::new();
            let mut task = Task::new();
            task.cancel = cancel.clone();
            let report = block_on(async {
                let stop = async {
                    until(|| {
                        memory.completed(RunnerType::Container, TaskOutcome::Timeout) >= wanted
                    })
                    .await;
                    cancel.cancel();
                };
                Ok(tokio::join!(runner.run(&program, task), stop).0?)
            })?;
            ensure!(report.end == TaskEnd::Canceled, "{}", report.end);
            let events = within_task(memory.events())?;
            ensure_counted(&events)?;
            ensure!(
                report.ledger.delivered() == events.len() as u64,
                "{:?}",
                report.ledger
            );
            ensure!(report.ledger.in_flight() == 0 && events.len() >= wanted);
        }
    }
    Ok(())
}

#[test]
fn a_task_dropped_at_any_point_has_delivered_its_records() -> Result<()> {
    let guest = endless()?;
    for (path, guest) in everywhere(&guest) {
        for wanted in wanted() {
            let (runner, memory) = remembering(path)?;
            let program = runner.load("endless", &guest)?;
            block_on(async {
                let enough = until(|| {
                    memory.completed(RunnerType::Container, TaskOutcome::Timeout) >= wanted
                });
                tokio::select! {
                    report = runner.run(&program, Task::new()) => {
                        anyhow::bail!("the task ended by itself: {report:?}")
                    }
                    () = enough => Ok(()),
                }
            })?;
            let events = within_task(memory.events())?;
            ensure_counted(&events)?;
            let ledger = runner.guest_ledger();
            ensure!(ledger.delivered() == events.len() as u64 && ledger.in_flight() == 0);
        }
    }
    Ok(())
}

#[test]
fn a_deadline_loses_no_earlier_record() -> Result<()> {
    let guest = endless()?;
    for (path, guest) in everywhere(&guest) {
        for ms in [150, 200] {
            let mut task = Task::new();
            task.deadline = Some(Duration::from_millis(ms));
            let seen = seen(path, |runner| runner, &guest, task)?;
            ensure!(matches!(&seen.end, End::Other(end) if end.contains("deadline")));
            ensure!(seen.ledger.delivered() == seen.events.len() as u64);
            ensure!(!seen.events.is_empty());
            ensure_counted(&seen.events)?;
        }
    }
    Ok(())
}

/// Numbers of records before a stop, on both sides of a full ring.
fn wanted() -> impl Iterator<Item = usize> {
    use proptest::prelude::Rng;

    let mut random = proptest::test_runner::TestRng::deterministic_rng(
        proptest::test_runner::RngAlgorithm::ChaCha,
    );
    (0..12).map(move |_| 1 + random.next_u32() as usize % 5_000)
}
