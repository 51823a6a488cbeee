//! Counts the lines of a text on standard input, and records this work as a task.

mod bindings;

use std::io;
use std::time::Instant;

use bindings::solti::metrics::backend::{self, RunnerType, TaskOutcome};

fn main() -> io::Result<()> {
    backend::record_task_started(RunnerType::Wasm);
    let started = Instant::now();
    let result = work();
    let outcome = match result {
        Ok(()) => TaskOutcome::Success,
        Err(_) => TaskOutcome::Failure,
    };
    let duration_ms = started.elapsed().as_millis() as u64;
    backend::record_task_completed(RunnerType::Wasm, outcome, duration_ms);
    result
}

/// The task. Put your code here.
fn work() -> io::Result<()> {
    let text = io::read_to_string(io::stdin())?;
    println!("{} lines", text.lines().count());
    Ok(())
}
