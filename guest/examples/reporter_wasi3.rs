//! The reporter as a WASI 0.3 program: its `main`, its input and its output are
//! asynchronous. `README.md` in this folder defines its behavior.
//!
//! Built for `wasm32-unknown-unknown`, as a `cdylib`, so that it does not import an older
//! WASI as well: the standard library supports only older versions.
//!
//! ```text
//! cargo build -p solti-metrics-guest --profile guest --target wasm32-unknown-unknown --example reporter_wasi3
//! solti-metrics run --stdin FILE reporter_wasi3.wasm
//! ```
// The generated code that waits is compiled only for components.
#![cfg(target_family = "wasm")]
#![allow(unsafe_code, missing_docs, reason = "the generated bindings")]

use std::str;
use std::time::Duration;

use solti_metrics_guest::{
    HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, Task, TaskOutcome,
};
use wit_bindgen::StreamResult;

use world::wasi::cli::{environment, stderr, stdin, stdout, types::ErrorCode};
use world::wasi::clocks::monotonic_clock;

mod world {
    wit_bindgen::generate!({
        path: "examples/reporter_wasi3/wit",
        generate_all,
    });
}

/// Bytes of one read.
const PIECE: usize = 16 << 10;

struct Program;

impl world::exports::wasi::cli::run::Guest for Program {
    async fn run() -> Result<(), ()> {
        let Some(max_words) = max_words() else {
            HostMetrics.record_runner_error(RunnerType::Wasm, RunnerErrorKind::BackendConfigFailed);
            let (text, data) = world::wit_stream::new();
            let printed = stderr::write_via_stream(data);
            print(text, b"usage: reporter [MAX-WORDS]\n", printed).await?;
            return Err(());
        };
        let mut report = Report {
            max_words,
            ..Report::default()
        };
        report.read().await?;
        let line = format!("{} {}\n", report.lines, report.words);
        let (text, data) = world::wit_stream::new();
        let printed = stdout::write_via_stream(data);
        print(text, line.as_bytes(), printed).await?;
        if report.failed { Err(()) } else { Ok(()) }
    }
}

/// Maximum words of a line, or `None` if the arguments are invalid.
fn max_words() -> Option<usize> {
    let arguments = environment::get_arguments();
    let mut arguments = arguments.iter().skip(1);
    let Some(number) = arguments.next() else {
        return Some(1_000);
    };
    let digits = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let only = digits && arguments.next().is_none();
    only.then(|| number.parse().ok())?
}

/// The counts so far.
#[derive(Default)]
struct Report {
    max_words: usize,
    lines: usize,
    words: usize,
    failed: bool,
}

impl Report {
    /// Reads the whole text, line by line.
    async fn read(&mut self) -> Result<(), ()> {
        let (mut text, end) = stdin::read_via_stream();
        let mut line = Vec::new();
        loop {
            let (result, piece) = text.read(Vec::with_capacity(PIECE)).await;
            let mut pieces = piece.split(|byte| *byte == b'\n');
            line.extend(pieces.next().unwrap_or_default());
            for next in pieces {
                self.line(&line);
                line.clear();
                line.extend(next);
            }
            if result == StreamResult::Dropped {
                break;
            }
        }
        // The reason of the end.
        end.await.map_err(drop)?;
        if !line.is_empty() {
            self.line(&line);
        }
        Ok(())
    }

    /// Records a line as a task.
    fn line(&mut self, line: &[u8]) {
        let task = Task::start(RunnerType::Wasm);
        let start = monotonic_clock::now();
        let outcome = match word_count(line) {
            None => TaskOutcome::Failure,
            Some(count) if count > self.max_words => TaskOutcome::Canceled,
            Some(count) => {
                self.lines += 1;
                self.words += count;
                TaskOutcome::Success
            }
        };
        self.failed |= outcome == TaskOutcome::Failure;
        let taken = monotonic_clock::now().saturating_sub(start);
        task.finish_after(outcome, Duration::from_nanos(taken));
    }
}

/// Words of the line, or `None` if the line is not UTF-8.
fn word_count(line: &[u8]) -> Option<usize> {
    let is_space = |c| matches!(c, ' ' | '\t'..='\r');
    let words = str::from_utf8(line).ok()?.split(is_space);
    Some(words.filter(|word| !word.is_empty()).count())
}

/// Prints a text to its end.
async fn print(
    mut to: wit_bindgen::StreamWriter<u8>,
    text: &[u8],
    printed: wit_bindgen::FutureReader<Result<(), ErrorCode>>,
) -> Result<(), ()> {
    to.write_all(text.to_vec()).await;
    drop(to);
    printed.await.map_err(drop)
}

world::export!(Program with_types_in world);
