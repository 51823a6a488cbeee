//! A record is seen while its guest is still busy, or waits.

use anyhow::{Result, ensure};
use solti_metrics::{RunnerType, TaskOutcome};
use solti_metrics_host::runner::{CancellationToken, Task, TaskEnd};

use super::guests::{counting, ensure_counted};
use super::runs::{BOTH, block_on, remembering, until, within_task};

/// Waits for a day, in the host.
const SLEEP: &str = "(call $block (call $subscribe (i64.const 86400000000000)))";

#[test]
fn what_was_recorded_before_a_wait_is_seen_while_the_guest_waits() -> Result<()> {
    seen_meanwhile(&format!("(call $next) (call $next) (call $next) {SLEEP}"))
}

#[test]
fn what_was_recorded_before_a_long_computation_is_seen_meanwhile() -> Result<()> {
    seen_meanwhile("(call $next) (call $next) (call $next) (loop $again (br $again))")
}

/// Runs a guest that does not end by itself after three records.
fn seen_meanwhile(body: &str) -> Result<()> {
    let guest = counting(body)?;
    for path in BOTH {
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
