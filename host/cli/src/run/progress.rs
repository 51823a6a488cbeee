use std::fmt;
use std::io::{IsTerminal, stderr, stdout};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use solti_metrics_host::wasi::Output;

use super::args::{Format, RunArgs};
use crate::plain::is_plain;
use crate::voice::{complain, complain_now};
use crate::whole;

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(120);

/// A progress bar for people at a terminal, nothing in a pipe.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
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

    /// Says something while the bar is out of the way.
    pub(crate) fn complain(&self, message: fmt::Arguments<'_>) {
        if self.bar.is_hidden() || self.bar.is_finished() {
            complain(message);
        } else {
            self.bar.suspend(|| complain_now(message));
        }
    }

    /// Where the output of one task goes. With a bar on the terminal it takes
    /// turns with it; without, it goes straight on.
    pub(crate) fn outputs(&self, format: Format) -> Outputs {
        let bar = !self.bar.is_hidden();
        let mut lines = Vec::new();
        let mut turns = |print| {
            let line = Arc::new(Lines::new(self.bar.clone(), print));
            lines.push(Arc::clone(&line));
            Output::To(Arc::new(move |bytes| line.take(bytes)))
        };
        let stdout = match format {
            Format::Table if bar && stdout().is_terminal() => turns(to_stdout),
            Format::Table => Output::Stdout,
            _ if bar => turns(to_stderr),
            _ => Output::Stderr,
        };
        let stderr = if bar {
            turns(to_stderr)
        } else {
            Output::Stderr
        };
        Outputs {
            stdout,
            stderr,
            lines,
        }
    }
}

/// Where the output of one task goes.
pub(crate) struct Outputs {
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    lines: Vec<Arc<Lines>>,
}

impl Outputs {
    /// Prints what the task has left without an end of line.
    pub(crate) fn finish(&self) {
        for lines in &self.lines {
            lines.finish();
        }
    }
}

/// Prints whole lines, since the bar begins a new one after whatever it made
/// way for; what is left when the task is over is printed as it is.
struct Lines {
    bar: ProgressBar,
    print: fn(&[u8]),
    begun: Mutex<Vec<u8>>,
}

/// A line that is longer is no line for people.
const LONGEST_LINE: usize = 8 << 10;

impl Lines {
    fn new(bar: ProgressBar, print: fn(&[u8])) -> Self {
        let begun = Mutex::default();
        Self { bar, print, begun }
    }

    fn take(&self, bytes: &[u8]) {
        let mut begun = self.begun.lock();
        begun.extend_from_slice(bytes);
        let whole = match begun.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => end + 1,
            None if begun.len() > LONGEST_LINE => begun.len(),
            None => return,
        };
        self.bar.suspend(|| (self.print)(&begun[..whole]));
        begun.drain(..whole);
    }

    fn finish(&self) {
        let mut begun = self.begun.lock();
        if !begun.is_empty() {
            begun.push(b'\n');
            self.bar.suspend(|| (self.print)(&begun));
            begun.clear();
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
