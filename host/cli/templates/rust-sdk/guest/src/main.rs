//! Counts the lines of a text on standard input, and records this work as a task.

use std::io;

use solti_metrics_guest::{RunnerType, Task, TaskOutcome};

fn main() -> io::Result<()> {
    let task = Task::start(RunnerType::Wasm);
    let result = work();
    task.finish(match result {
        Ok(()) => TaskOutcome::Success,
        Err(_) => TaskOutcome::Failure,
    });
    result
}

/// The task. Put your code here.
fn work() -> io::Result<()> {
    let text = io::read_to_string(io::stdin())?;
    println!("{} lines", text.lines().count());
    Ok(())
}
