use std::path::Path;
use std::time::Duration;

use cpu_time::ThreadTime;
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{
    Program, RecordingMode, Runner, Stdin, Task, TaskEnd, TaskReport,
};

use super::built::Built;
use super::{fastest, us_each};
use crate::bench::Result;
use crate::cached_code;
use crate::toolchains::Example;

/// Cost of a reporter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Guest {
    pub(super) example: Example,
    pub(super) built: Built,
    /// The largest memory of the reporter while it reads a text without lines.
    pub(super) memory: usize,
    /// Time to load the reporter from a cache.
    pub(super) load: Duration,
    /// CPU time of a record in the recording mode `inline`, in microseconds.
    pub(super) inline_us: f64,
    /// CPU time of a record in the recording mode `direct`, in microseconds.
    pub(super) direct_us: f64,
}

/// A memory limit that no reporter reaches with these texts.
const MEMORY: usize = 1 << 30;

impl Guest {
    pub(super) fn measure(example: Example, component: &Path, folder: &Path) -> Result<Self> {
        let built = Built::of(&example, component, folder)?;
        let inline = Subject::load(component, RecordingMode::Inline)?;
        let direct = Subject::load(component, RecordingMode::Direct)?;
        Ok(Self {
            example,
            built,
            memory: inline.run(0)?.peak_memory,
            load: {
                let runner = runner(RecordingMode::Inline)?;
                fastest(|| Ok(cached_code::program(&runner, component)?.origin()))?
            },
            inline_us: inline.record_us()?,
            direct_us: direct.record_us()?,
        })
    }
}

struct LoadedReporter {
    runner: Runner,
    program: Program,
}

impl Subject {
    fn load(component: &Path, path: RecordingMode) -> Result<Self> {
        let runner = runner(path)?;
        let program = cached_code::program(&runner, component)?;
        Ok(Self { runner, program })
    }

    /// CPU time of a record: the additional time of a text with twice as many lines. A
    /// line makes two records.
    fn record_us(&self) -> Result<f64> {
        us_each(256, |records| {
            Ok(self.cpu(records)? - self.cpu(records / 2)?)
        })
    }

    /// CPU time of a text with `lines` lines, in seconds.
    fn cpu(&self, lines: usize) -> Result<f64> {
        let begun = ThreadTime::now();
        let report = self.run(lines)?;
        let time = begun.elapsed().as_secs_f64();
        if report.ledger.delivered() != 2 * lines as u64 {
            return Err(format!("{lines} lines: {:?}", report.ledger).into());
        }
        Ok(time)
    }

    fn run(&self, lines: usize) -> Result<TaskReport> {
        let mut task = Task::new();
        task.stdin = Stdin::Bytes(b"a b\n".repeat(lines));
        task.limits.memory = MEMORY;
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let report = tokio.block_on(self.runner.run(&self.program, task))?;
        match report.end {
            TaskEnd::Exited { code: 0 } => Ok(report),
            end => Err(format!("it {end}").into()),
        }
    }
}

fn runner(path: RecordingMode) -> Result<Runner> {
    let runner = Runner::builder(noop_metrics()).recording_mode(path);
    Ok(runner.artifacts(cached_code::artifacts()?).build()?)
}
