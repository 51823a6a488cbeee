//! The smallest guest with a `main`: each file of its arguments is a task.

#![allow(clippy::print_stdout, reason = "printing is its purpose")]

use solti_metrics_guest::{RunnerType, Task, TaskOutcome};

fn main() {
    for path in std::env::args().skip(1) {
        let task = Task::start(RunnerType::Wasm);
        let outcome = match std::fs::read(&path) {
            Ok(bytes) => {
                println!("{path}: {} bytes", bytes.len());
                TaskOutcome::Success
            }
            Err(_) => TaskOutcome::Failure,
        };
        task.finish(outcome);
    }
}
