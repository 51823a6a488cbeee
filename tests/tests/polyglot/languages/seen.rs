//! The visible results of a reporter's run.

use anyhow::{Result, bail, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_host::runner::{Stdin, Task, TaskEnd, TaskReport};
use solti_metrics_host::wasi::Output;

use crate::languages::expected::{Input, Seen, expected};

/// Compares the results of a run, and the ledger of its runner, with the expected results
/// of the input.
pub(crate) fn look(input: &Input, events: Vec<Event>, report: &TaskReport) -> Result<()> {
    let events = within_task(events)?;
    let ledger = &report.ledger;
    let recorded = events.len() as u64;
    let balanced = ledger.in_flight() == 0 && ledger.dropped_total() == 0;
    ensure!(
        balanced && ledger.accepted() == recorded && ledger.delivered() == recorded,
        "{recorded} records: {ledger:?}"
    );
    let (expected, seen) = (expected(input), seen(events, report)?);
    let pairs = seen.events.iter().zip(&expected.events);
    for (number, (seen, expected)) in pairs.enumerate() {
        ensure!(
            seen == expected,
            "record {number}: {seen:?}, not {expected:?}"
        );
    }
    ensure!(seen == expected, "expected {expected:?}\nseen {seen:?}");
    Ok(())
}

/// A run with this input.
pub(crate) fn task(input: &Input) -> Task {
    let mut task = Task::new();
    task.args.clone_from(&input.args);
    task.stdin = Stdin::Bytes(input.text.clone());
    task.stdout = Output::Capture;
    task.stderr = Output::Capture;
    task
}

fn seen(mut events: Vec<Event>, report: &TaskReport) -> Result<Seen> {
    // With a correct unit, the duration that a reporter measures is at most the one that
    // its runner measures.
    let most = report.duration.as_millis() + 1;
    for event in &mut events {
        if let Event::TaskCompleted { duration_ms, .. } = event {
            ensure!(
                u128::from(*duration_ms) <= most,
                "{duration_ms} of {most} ms"
            );
            *duration_ms = 0;
        }
    }
    let TaskEnd::Exited { code } = report.end else {
        bail!(
            "it {}: {}",
            report.end,
            String::from_utf8_lossy(&report.stderr)
        );
    };
    Ok(Seen {
        events,
        stdout: String::from_utf8(report.stdout.clone())?,
        stderr: String::from_utf8(report.stderr.clone())?,
        code,
    })
}

/// The reporter's records, which are between those of its runner.
fn within_task(mut events: Vec<Event>) -> Result<Vec<Event>> {
    let runner = RunnerType::Wasm;
    let last = events.pop();
    let whole = events.first() == Some(&Event::TaskStarted { runner })
        && matches!(last, Some(Event::TaskCompleted { .. }));
    ensure!(whole, "{events:?}, and then {last:?}");
    events.remove(0);
    Ok(events)
}
