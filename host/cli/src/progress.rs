use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use solti_metrics_host::runner::Output;

use crate::args::{Format, RunArgs};

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(120);

/// A progress bar for people at a terminal, nothing in a pipe.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new(args: &RunArgs) -> Self {
        if !stderr().is_terminal() {
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

    /// Runs `print` while the bar is out of the way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Where the standard output and the standard error of one task go. With a
    /// bar on the terminal they take turns with it; without, they go straight on.
    pub(crate) fn outputs(&self, format: Format) -> (Output, Output) {
        let bar = !self.bar.is_hidden();
        let out = match format {
            Format::Table if bar && stdout().is_terminal() => self.lines(|bytes| {
                let _ = stdout().write_all(bytes);
            }),
            Format::Table => Output::Stdout,
            _ if bar => self.lines(to_stderr),
            _ => Output::Stderr,
        };
        let err = if bar {
            self.lines(to_stderr)
        } else {
            Output::Stderr
        };
        (out, err)
    }

    fn lines(&self, print: fn(&[u8])) -> Output {
        let lines = Lines {
            bar: self.bar.clone(),
            print,
            begun: Mutex::default(),
        };
        Output::To(Arc::new(move |bytes| lines.take(bytes)))
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
}

impl Drop for Lines {
    fn drop(&mut self) {
        let begun = self.begun.get_mut();
        if !begun.is_empty() {
            begun.push(b'\n');
            self.bar.suspend(|| (self.print)(begun));
        }
    }
}

fn to_stderr(bytes: &[u8]) {
    let _ = stderr().write_all(bytes);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
