use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
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
            ProgressBar::new(repeat).with_style(style(
                "{spinner} {msg} [{bar:30}] {pos}/{len} {per_sec} {eta}",
            ))
        } else {
            ProgressBar::new_spinner().with_style(style("{spinner} {msg} {elapsed}"))
        };
        bar.enable_steady_tick(TICK);
        Self { bar }
    }

    pub(crate) fn say(&self, what: String) {
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

    /// Where a guest's standard output and standard error go. On a terminal
    /// they take turns with the bar; elsewhere they go straight on.
    pub(crate) fn outputs(&self, format: Format) -> (Output, Output) {
        let to_stdout = format == Format::Table;
        let out = match (to_stdout, self.bar.is_hidden()) {
            (true, false) if stdout().is_terminal() => self.between_ticks(|bytes| {
                let _ = stdout().write_all(bytes);
            }),
            (true, _) => Output::Stdout,
            (false, true) => Output::Stderr,
            (false, false) => self.between_ticks(to_stderr),
        };
        let err = if self.bar.is_hidden() {
            Output::Stderr
        } else {
            self.between_ticks(to_stderr)
        };
        (out, err)
    }

    fn between_ticks(&self, print: fn(&[u8])) -> Output {
        let bar = self.bar.clone();
        Output::To(Arc::new(move |bytes| bar.suspend(|| print(bytes))))
    }
}

fn to_stderr(bytes: &[u8]) {
    let _ = stderr().write_all(bytes);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
