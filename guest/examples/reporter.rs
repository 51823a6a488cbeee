//! Counts the words of a text, and records each line as a task. `README.md` in this
//! folder defines its behavior; other files have it in other languages.
//!
//! ```text
//! cargo build -p solti-metrics-guest --profile guest --target wasm32-wasip2 --example reporter
//! solti-metrics run --stdin FILE reporter.wasm
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is its purpose"
)]

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::str;

use solti_metrics_guest::{
    HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, Task, TaskOutcome,
};

fn main() -> ExitCode {
    let Some(max_words) = max_words() else {
        HostMetrics.record_runner_error(RunnerType::Wasm, RunnerErrorKind::BackendConfigFailed);
        eprintln!("usage: reporter [MAX-WORDS]");
        return ExitCode::FAILURE;
    };
    let (mut lines, mut words, mut failed) = (0, 0, false);
    for line in io::stdin().lock().split(b'\n') {
        let Ok(line) = line else {
            return ExitCode::FAILURE;
        };
        let task = Task::start(RunnerType::Wasm);
        let outcome = match word_count(&line) {
            None => TaskOutcome::Failure,
            Some(count) if count > max_words => TaskOutcome::Canceled,
            Some(count) => {
                lines += 1;
                words += count;
                TaskOutcome::Success
            }
        };
        failed |= outcome == TaskOutcome::Failure;
        task.finish(outcome);
    }
    println!("{lines} {words}");
    ExitCode::from(u8::from(failed))
}

/// Maximum words of a line, or `None` if the arguments are invalid.
fn max_words() -> Option<usize> {
    let mut arguments = std::env::args().skip(1);
    let Some(number) = arguments.next() else {
        return Some(1_000);
    };
    let digits = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let only = digits && arguments.next().is_none();
    only.then(|| number.parse().ok())?
}

/// Words of the line, or `None` if the line is not UTF-8.
fn word_count(line: &[u8]) -> Option<usize> {
    let is_space = |c| matches!(c, ' ' | '\t'..='\r');
    let words = str::from_utf8(line).ok()?.split(is_space);
    Some(words.filter(|word| !word.is_empty()).count())
}
