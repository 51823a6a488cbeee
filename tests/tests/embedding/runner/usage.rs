//! Resource usage of tasks, in both recording modes and on both engines.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, noop_metrics};
use solti_metrics_host::runner::{
    CancellationToken, RecordingMode, Runner, Task, TaskEnd, TaskReport, TaskUsage,
};
use solti_metrics_tests::guest::{asynchronous, component};

use crate::runner::{LOOPS, RECORDS, block_on, until};

const BOTH: [RecordingMode; 2] = [RecordingMode::Inline, RecordingMode::Direct];

/// Records 300 times, which is more than one drain, reads the clock 7 times, and grows
/// its memory.
const CALLS: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
    (import "wasi:clocks/monotonic-clock@0.2.12" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    (func (export "wasi:cli/run@0.2.12#run") (result i32)
        (local $left i32)
        (local.set $left (i32.const 300))
        (loop $again
            (call $started (i32.const 0))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (local.set $left (i32.const 7))
        (loop $again
            (drop (call $now))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (drop (memory.grow (i32.const 4)))
        i32.const 0))"#;

/// Counts to a hundred million, which takes several ticks.
const SPINS: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
    (func (export "wasi:cli/run@0.2.12#run") (result i32)
        (local $left i32)
        (call $started (i32.const 0))
        (local.set $left (i32.const 100000000))
        (loop $again
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        i32.const 0))"#;

fn runner(path: RecordingMode, fuel: bool) -> Result<Runner> {
    let runner = Runner::builder(noop_metrics())
        .recording_mode(path)
        .fuel(fuel);
    Ok(runner.build()?)
}

fn run(runner: &Runner, guest: &[u8], usage: Option<&TaskUsage>) -> Result<TaskReport> {
    let program = runner.load("guest", guest)?;
    let mut task = Task::new();
    task.usage = usage.cloned();
    let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    Ok(report)
}

#[test]
fn exactly_the_calls_of_the_host_are_counted() -> Result<()> {
    let guest = component(CALLS)?;
    for guest in [asynchronous(&guest), guest] {
        for (path, calls) in [(RecordingMode::Inline, 7), (RecordingMode::Direct, 307)] {
            let usage = TaskUsage::new();
            let report = run(&runner(path, false)?, &guest, Some(&usage))?;
            ensure!(report.host_calls == Some(calls), "{path:?}: {report:?}");
            ensure!(usage.host_calls() == calls, "{path:?}: {usage:?}");
            ensure!(usage.peak_memory() / 65_536 == 5, "{usage:?}");
        }
    }
    Ok(())
}

#[test]
fn without_a_usage_neither_calls_nor_time_are_counted() -> Result<()> {
    for path in BOTH {
        let report = run(&runner(path, false)?, &component(CALLS)?, None)?;
        ensure!(report.host_calls.is_none() && report.fuel.is_none());
        ensure!(report.cpu_time.is_none(), "{report:?}");
    }
    Ok(())
}

#[test]
fn the_usage_of_two_runs_adds_up() -> Result<()> {
    let usage = TaskUsage::new();
    let runner = runner(RecordingMode::Direct, true)?;
    let (large, small) = (component(CALLS)?, component(RECORDS)?);
    let reports = [
        run(&runner, &large, Some(&usage))?,
        run(&runner, &small, Some(&usage))?,
    ];
    let sum = |of: fn(&TaskReport) -> Option<u64>| reports.iter().filter_map(of).sum();
    ensure!(usage.host_calls() == 310, "{usage:?}");
    ensure!(usage.host_calls() == sum(|report| report.host_calls));
    ensure!(usage.fuel() == Some(sum(|report| report.fuel)));
    let time: Duration = reports.iter().filter_map(|report| report.cpu_time).sum();
    ensure!(usage.cpu_time() == time, "{usage:?}, not {time:?}");
    // The peak memory is a maximum, not a sum.
    ensure!(usage.peak_memory() / 65_536 == 5, "{usage:?}");
    Ok(())
}

#[test]
fn time_grows_while_a_guest_computes_and_stands_still_while_it_waits() -> Result<()> {
    let waits = component(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
            (func $subscribe (param i64) (result i32)))
        (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (call $started (i32.const 0))
            (call $block (call $subscribe (i64.const 86400000000000)))
            unreachable))"#,
    )?;
    for path in BOTH {
        let memory = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(memory.clone() as MetricsHandle).recording_mode(path);
        let runner = runner.build()?;
        let programs = [
            runner.load("waits", &waits)?,
            runner.load("spins", &component(LOOPS)?)?,
        ];
        let usages = [TaskUsage::new(), TaskUsage::new()];
        let cancel = CancellationToken::new();
        let tasks = usages.clone().map(|usage| {
            let mut task = Task::new();
            (task.usage, task.cancel) = (Some(usage), cancel.clone());
            task
        });
        let stood_still = block_on(async {
            // Separate tasks, so that one is not polled whenever the other is.
            let mut runs = tokio::task::JoinSet::new();
            for (program, task) in programs.into_iter().zip(tasks) {
                let runner = runner.clone();
                runs.spawn(async move { runner.run(&program, task).await });
            }
            until(|| memory.started(RunnerType::Subprocess) == 2).await;
            let [waits, spins] = &usages;
            let mut stood_still = false;
            // The guest may not have reached its wait yet.
            for _ in 0..100 {
                let (waited, spun) = (waits.cpu_time(), spins.cpu_time());
                until(|| spins.cpu_time() > spun + Duration::from_millis(20)).await;
                stood_still = waits.cpu_time() == waited;
                if stood_still {
                    break;
                }
            }
            cancel.cancel();
            while let Some(report) = runs.join_next().await {
                ensure!(report??.end == TaskEnd::Canceled);
            }
            Ok(stood_still)
        })?;
        ensure!(stood_still, "{path:?}: {usages:?}");
    }
    Ok(())
}

#[test]
fn interruptions_do_not_change_the_fuel_of_a_guest() -> Result<()> {
    for path in BOTH {
        let runner = runner(path, true)?;
        for guest in [CALLS, SPINS] {
            let guest = component(guest)?;
            for guest in [asynchronous(&guest), guest] {
                let usage = TaskUsage::new();
                let one = run(&runner, &guest, Some(&usage))?;
                let other = run(&runner, &guest, None)?;
                ensure!(one.fuel.is_some_and(|fuel| fuel > 300), "{one:?}");
                ensure!(one.fuel == other.fuel, "{one:?}, then {other:?}");
                ensure!(usage.fuel() == one.fuel, "{usage:?}, not {one:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_fuel_of_a_running_guest_without_calls_is_visible() -> Result<()> {
    for path in BOTH {
        let runner = runner(path, true)?;
        let program = runner.load("loops", &component(LOOPS)?)?;
        let (usage, cancel) = (TaskUsage::new(), CancellationToken::new());
        let mut task = Task::new();
        (task.usage, task.cancel) = (Some(usage.clone()), cancel.clone());
        let report = block_on(async {
            let watch = async {
                until(|| usage.fuel().is_some_and(|fuel| fuel > 20_000_000)).await;
                cancel.cancel();
            };
            Ok(tokio::join!(runner.run(&program, task), watch).0?)
        })?;
        ensure!(report.end == TaskEnd::Canceled, "{}", report.end);
        ensure!(report.fuel == usage.fuel(), "{report:?}, not {usage:?}");
    }
    Ok(())
}

#[test]
fn ticks_are_counted_while_a_task_runs() -> Result<()> {
    let runner = runner(RecordingMode::Inline, false)?;
    ensure!(
        runner.epoch_ticks().ticks == 0,
        "{:?}",
        runner.epoch_ticks()
    );
    let program = runner.load("loops", &component(LOOPS)?)?;
    let cancel = CancellationToken::new();
    let mut task = Task::new();
    task.cancel = cancel.clone();
    block_on(async {
        let watch = async {
            until(|| runner.epoch_ticks().ticks >= 3).await;
            cancel.cancel();
        };
        Ok(tokio::join!(runner.run(&program, task), watch).0?)
    })?;
    let counted = runner.epoch_ticks();
    ensure!(counted.late <= counted.ticks, "{counted:?}");
    Ok(())
}
