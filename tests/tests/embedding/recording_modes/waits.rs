//! A record is visible while its guest still computes or waits.

use anyhow::{Result, ensure};
use solti_metrics::{RunnerType, TaskOutcome};
use solti_metrics_host::runner::{CancellationToken, Task, TaskEnd};

use solti_metrics_tests::guest::component;
use solti_metrics_tests::runs::{block_on, everywhere, remembering, until, within_task};

use super::guests::{counting, ensure_counted};

/// Waits in the host for a day.
const SLEEP: &str = "(call $block (call $subscribe (i64.const 86400000000000)))";

#[test]
fn records_before_a_wait_are_visible_during_the_wait() -> Result<()> {
    seen_meanwhile(&format!("(call $next) (call $next) (call $next) {SLEEP}"))
}

#[test]
fn records_before_a_long_computation_are_visible_during_it() -> Result<()> {
    seen_meanwhile("(call $next) (call $next) (call $next) (loop $again (br $again))")
}

/// The guest has no frame on its stack while it waits: it has returned, and the host
/// calls it back.
#[test]
fn records_of_a_waiting_guest_of_wasi_0_3_are_visible() -> Result<()> {
    seen_of(&asynchronously(
        "[async-lift]wasi:cli/run@0.3.0#run",
        // The code for waiting, and the set to wait for.
        "(i32.or (i32.const 2) (i32.shl (local.get $set) (i32.const 4)))",
    )?)
}

#[test]
fn records_of_a_blocking_guest_of_wasi_0_3_are_visible() -> Result<()> {
    seen_of(&asynchronously(
        "wasi:cli/run@0.3.0#run",
        "(call $block (local.get $set) (i32.const 0))",
    )?)
}

/// A guest that starts to wait for a day, records, and only then blocks.
fn asynchronously(main: &str, wait: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (import "wasi:clocks/monotonic-clock@0.3.0" "[async-lower]wait-for"
                (func $begin (param i64) (result i32)))
            (import "$root" "[waitable-set-new]" (func $new (result i32)))
            (import "$root" "[waitable-join]" (func $join (param i32 i32)))
            (import "$root" "[waitable-set-wait]" (func $block (param i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "{main}") (result i32)
                (local $set i32) (local $number i64)
                (local.set $set (call $new))
                (call $join
                    (i32.shr_u (call $begin (i64.const 86400000000000)) (i32.const 4))
                    (local.get $set))
                (loop $again
                    (call $completed (i32.const 1) (i32.const 3) (local.get $number))
                    (local.set $number (i64.add (local.get $number) (i64.const 1)))
                    (br_if $again (i64.lt_u (local.get $number) (i64.const 3))))
                {wait})
            {callback})"#,
        callback = if main.starts_with('[') {
            format!(
                r#"(func (export "[callback]{main}") (param i32 i32 i32) (result i32) unreachable)"#
            )
        } else {
            String::new()
        }
    ))
}

/// Runs a guest that does not end by itself after its three records.
fn seen_meanwhile(body: &str) -> Result<()> {
    seen_of(&counting(body)?)
}

fn seen_of(guest: &[u8]) -> Result<()> {
    for (path, guest) in everywhere(guest) {
        let (runner, memory) = remembering(path)?;
        let program = runner.load("guest", &guest)?;
        let cancel = CancellationToken::new();
        let mut task = Task::new();
        task.cancel = cancel.clone();
        let report = block_on(async {
            let watch = async {
                until(|| memory.completed(RunnerType::Container, TaskOutcome::Timeout) == 3).await;
                cancel.cancel();
            };
            Ok(tokio::join!(runner.run(&program, task), watch).0?)
        })?;
        ensure!(report.end == TaskEnd::Canceled, "{}", report.end);
        ensure_counted(&within_task(memory.events())?)?;
    }
    Ok(())
}
