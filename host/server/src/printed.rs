//! Forwards the output of a task to where its configuration says.

use std::sync::Arc;

use solti_metrics_host::runner::{SpawnError, TaskReport};
use solti_metrics_host::wasi::Output;

use crate::config;
use crate::engine::{Observer, Printing};
use crate::lines::Lines;

/// What the runs of a task print, and where that goes.
pub(super) struct Printed {
    task: Arc<str>,
    to: config::Output,
}

impl Printed {
    pub(super) fn new(task: &str, to: config::Output) -> Self {
        Self {
            task: task.into(),
            to,
        }
    }

    /// One stream of one run, of which each line is an entry of the log.
    fn lines(&self, stream: &'static str) -> Arc<Lines> {
        let task = Arc::clone(&self.task);
        Lines::new(move |line| {
            tracing::info!(target: "guest", task = &*task, stream, line, "printed");
        })
    }
}

impl Observer for Printed {
    fn begins(&self) -> Printing {
        let (stdout, stderr) = match self.to {
            config::Output::Discard => (Output::Discard, Output::Discard),
            config::Output::Inherit => (Output::Stdout, Output::Stderr),
            config::Output::Log => {
                let streams = ["stdout", "stderr"].map(|stream| self.lines(stream));
                let [stdout, stderr] = streams.each_ref().map(Lines::output);
                return Printing {
                    stdout,
                    stderr,
                    finish: Box::new(move || streams.iter().for_each(|lines| lines.finish())),
                };
            }
        };
        Printing {
            stdout,
            stderr,
            finish: Box::new(|| {}),
        }
    }

    /// The engine logs it, and counts it.
    fn ended(&self, _: Result<TaskReport, SpawnError>) {}
}
