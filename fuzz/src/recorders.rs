//! Runners for both recording modes, which remember the records of their guests.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use solti_metrics::MemoryMetrics;
use solti_metrics_host::component::LoadError;
use solti_metrics_host::limits::Limits;
use solti_metrics_host::runner::{
    Program, ProgramRecording, RecordingMode, Runner, SpawnError, Task,
};
use solti_metrics_host::wasi::Output;
use solti_metrics_tests::runs::{BOTH, Seen, remembering_within, within_task};
use tokio::runtime::Runtime;

use crate::oracle::{is_one_line, is_settled};

/// Maximum memory of a guest, so that many guests do not exceed the limits of the process.
const MEMORY: usize = 16 << 20;

/// A runner, and the records of its guests.
pub struct Recorder {
    mode: RecordingMode,
    runner: Runner,
    memory: Arc<MemoryMetrics>,
}

static RECORDERS: LazyLock<Result<[Recorder; 2]>> = LazyLock::new(|| {
    let [inline, direct] = BOTH.map(|mode| {
        // The guests' own durations are unchanged.
        let most = Duration::from_millis(u64::MAX);
        let (runner, memory) = remembering_within(mode, |runner| runner.duration_ceiling(most))?;
        anyhow::Ok(Recorder {
            mode,
            runner,
            memory,
        })
    });
    Ok([inline?, direct?])
});

static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
});

/// The runners: first `inline`, then `direct`.
///
/// # Errors
///
/// When they cannot be built.
pub fn recorders() -> Result<&'static [Recorder; 2]> {
    RECORDERS.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// Runs a future to its end, on the runtime of this process.
///
/// # Errors
///
/// When the future fails.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = RUNTIME.as_ref().map_err(|error| anyhow!("{error}"))?;
    runtime.block_on(work)
}

impl Recorder {
    /// The runner.
    #[must_use]
    pub fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Loads a guest.
    ///
    /// # Errors
    ///
    /// When the guest cannot be loaded.
    pub fn load(&self, guest: &[u8]) -> Result<Program, LoadError> {
        self.runner.load("guest", guest)
    }

    /// Whether the program records in the mode of this runner.
    #[must_use]
    pub fn is_in_mode(&self, program: &Program) -> bool {
        let inline = *program.recording() == ProgramRecording::Inline;
        inline == (self.mode == RecordingMode::Inline)
    }

    /// Runs a program, and returns its results and its output, or the reason why it cannot be
    /// started.
    ///
    /// # Errors
    ///
    /// When the ledger does not balance, or a record is missing.
    pub fn run(&self, program: &Program) -> Result<Result<(Seen, Vec<u8>), SpawnError>> {
        self.memory.clear();
        let task = Task::new()
            .limits(Limits::new().memory(MEMORY))
            .deadline(Duration::from_secs(20))
            .stdout(Output::Capture)
            .stderr(Output::Capture);
        let report = match block_on(async { Ok(self.runner.run(program, task).await) })? {
            Ok(report) => report,
            Err(error) => {
                is_one_line(&error.to_string())?;
                is_settled(&self.runner.guest_ledger())?;
                return Ok(Err(error));
            }
        };
        is_settled(&report.ledger)?;
        let events = within_task(self.memory.events())?;
        ensure!(
            report.ledger.delivered() == events.len() as u64,
            "{} records arrived: {:?}",
            events.len(),
            report.ledger
        );
        let seen = Seen {
            events,
            ledger: report.ledger,
            end: (&report.end).into(),
        };
        Ok(Ok((seen, report.stdout)))
    }

    /// Runs a program that can be started.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and when the program cannot be started.
    pub fn seen(&self, program: &Program) -> Result<(Seen, Vec<u8>)> {
        Ok(self.run(program)??)
    }
}
