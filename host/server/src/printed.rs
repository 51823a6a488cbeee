//! Forwards the output of a task to its configured destination.

use std::sync::Arc;

use solti_metrics_host::runner::{SpawnError, TaskReport};
use solti_metrics_host::wasi::Output;

use crate::config;
use crate::engine::{Observer, Printing};
use crate::line_splitter::LineSplitter;

/// Output of the runs of a task, and its destination.
pub(super) struct Printed {
    task: Arc<str>,
    to: config::OutputConfig,
}

impl Printed {
    pub(super) fn new(task: &str, to: config::OutputConfig) -> Self {
        Self {
            task: task.into(),
            to,
        }
    }

    /// One output stream of one run; each line is a log entry.
    fn lines(&self, stream: &'static str) -> Arc<LineSplitter> {
        let task = Arc::clone(&self.task);
        LineSplitter::new(move |line| {
            tracing::info!(target: "guest", task = &*task, stream, line, "printed");
        })
    }
}

impl Observer for Printed {
    fn starts(&self) -> Printing {
        let (stdout, stderr) = match self.to {
            config::OutputConfig::Discard => (Output::Discard, Output::Discard),
            config::OutputConfig::Inherit => (Output::Stdout, Output::Stderr),
            config::OutputConfig::Log => {
                let streams = ["stdout", "stderr"].map(|stream| self.lines(stream));
                let [stdout, stderr] = streams.each_ref().map(LineSplitter::output);
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

    /// The engine logs and counts the end of a run.
    fn ended(&self, _: Result<TaskReport, SpawnError>) {}
}
