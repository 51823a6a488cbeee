//! Progress bar of `run`, and the output of tasks around it.

use std::fmt;
use std::io::{IsTerminal, stderr, stdout};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use solti_metrics_host::wasi::Output;

use super::args::{ReportFormat, RunArgs};
use crate::messages::{print_message, print_message_now};
use crate::plain::is_plain;
use crate::whole;

/// Interval between two updates of the progress bar.
const TICK: Duration = Duration::from_millis(120);

/// A progress bar on a terminal. Hidden if standard error is not a terminal.
#[derive(Clone)]
pub(crate) struct RunProgress {
    bar: ProgressBar,
}

impl RunProgress {
    pub(crate) fn new(args: &RunArgs) -> Self {
        if !stderr().is_terminal() || is_plain() {
            return Self {
                bar: ProgressBar::hidden(),
            };
        }
        let repeat = args.repeat.get() as u64;
        let bar = if repeat > 1 {
            ProgressBar::new(repeat)
                .with_style(style("{spinner} {msg} [{bar:30}] {pos}/{len} {eta}"))
        } else {
            ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}"))
        };
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    pub(crate) fn say(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    pub(crate) fn task_ended(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints a message while the progress bar is hidden.
    pub(crate) fn print_message(&self, message: fmt::Arguments<'_>) {
        if self.bar.is_hidden() || self.bar.is_finished() {
            print_message(message);
        } else {
            self.bar.suspend(|| print_message_now(message));
        }
    }

    /// Outputs of one task. With a progress bar on the terminal, lines and bar alternate.
    /// Without a progress bar, the output is forwarded directly.
    pub(crate) fn outputs(&self, format: ReportFormat) -> TaskOutputs {
        let bar = !self.bar.is_hidden();
        let mut lines = Vec::new();
        let mut turns = |print| {
            let line = Arc::new(OutputLines::new(self.bar.clone(), print));
            lines.push(Arc::clone(&line));
            Output::To(Arc::new(move |bytes| line.take(bytes)))
        };
        let stdout = match format {
            ReportFormat::Table if bar && stdout().is_terminal() => turns(to_stdout),
            ReportFormat::Table => Output::Stdout,
            _ if bar => turns(to_stderr),
            _ => Output::Stderr,
        };
        let stderr = if bar {
            turns(to_stderr)
        } else {
            Output::Stderr
        };
        TaskOutputs {
            stdout,
            stderr,
            lines,
        }
    }
}

/// Outputs of one task.
pub(crate) struct TaskOutputs {
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    lines: Vec<Arc<OutputLines>>,
}

impl TaskOutputs {
    /// Prints the last line of the task if it has no line break.
    pub(crate) fn finish(&self) {
        for lines in &self.lines {
            lines.finish();
        }
    }
}

/// Prints whole lines, because the progress bar is drawn on a line of its own. The last
/// line is printed when the task ends.
struct OutputLines {
    bar: ProgressBar,
    print: fn(&[u8]),
    buffered: Mutex<Vec<u8>>,
}

/// Maximum length of a line in bytes. A longer line is printed in pieces.
const LONGEST_LINE: usize = 8 << 10;

impl OutputLines {
    fn new(bar: ProgressBar, print: fn(&[u8])) -> Self {
        let buffered = Mutex::default();
        Self {
            bar,
            print,
            buffered,
        }
    }

    fn take(&self, bytes: &[u8]) {
        let mut buffered = self.buffered.lock();
        buffered.extend_from_slice(bytes);
        let whole = match buffered.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => end + 1,
            None if buffered.len() > LONGEST_LINE => buffered.len(),
            None => return,
        };
        self.bar.suspend(|| (self.print)(&buffered[..whole]));
        buffered.drain(..whole);
    }

    fn finish(&self) {
        let mut buffered = self.buffered.lock();
        if !buffered.is_empty() {
            buffered.push(b'\n');
            self.bar.suspend(|| (self.print)(&buffered));
            buffered.clear();
        }
    }
}

fn to_stdout(bytes: &[u8]) {
    let _ = whole::to_stdout(bytes);
}

fn to_stderr(bytes: &[u8]) {
    let _ = whole::to_stderr(bytes);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
