//! Runs a guest in one recording mode, and returns the results.

use std::future::Future;
use std::sync::Arc;

use crate::guest::{asynchronous, large};
use anyhow::{Result, ensure};
use solti_metrics::{Event, MemoryMetrics, MetricsHandle, RunnerType};
use solti_metrics_host::LedgerSnapshot;
use solti_metrics_host::runner::{
    Program, ProgramRecording, RecordingMode, Runner, RunnerBuilder, Task, TaskEnd,
};

/// Both recording modes.
pub const BOTH: [RecordingMode; 2] = [RecordingMode::Inline, RecordingMode::Direct];

/// A guest for both recording modes, on the engine that is tuned and on the engine for
/// component-model async. In the mode `inline`, the shim is inlined into the guest, and for
/// a large guest it is called.
pub fn everywhere(guest: &[u8]) -> impl Iterator<Item = (RecordingMode, Vec<u8>)> {
    let guests = [guest.to_vec(), asynchronous(guest)];
    guests.into_iter().flat_map(|guest| {
        let called = (RecordingMode::Inline, large(&guest));
        let [inline, direct] = BOTH;
        [(inline, guest.clone()), called, (direct, guest)]
    })
}

/// The visible results of a run.
#[derive(Debug, PartialEq)]
pub struct Seen {
    /// The guest's records, without the runner's own.
    pub events: Vec<Event>,
    /// The ledger of the guest.
    pub ledger: LedgerSnapshot,
    /// The end of the run.
    pub end: End,
}

/// The end of a run. The messages of traps differ.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The guest exited, or its `main` returned.
    Exited(i32),
    /// The guest trapped.
    Trapped,
    /// Any other end, as its message.
    Other(String),
}

impl From<&TaskEnd> for End {
    fn from(end: &TaskEnd) -> Self {
        match end {
            TaskEnd::Exited { code } => Self::Exited(*code),
            TaskEnd::Trapped { .. } => Self::Trapped,
            other => Self::Other(other.to_string()),
        }
    }
}

/// A runner whose guests' records are remembered.
///
/// # Errors
///
/// When the runner cannot be built.
pub fn remembering(path: RecordingMode) -> Result<(Runner, Arc<MemoryMetrics>)> {
    remembering_within(path, |runner| runner)
}

/// A runner with these bounds, whose guests' records are remembered.
///
/// # Errors
///
/// When the runner cannot be built.
pub fn remembering_within(
    path: RecordingMode,
    bounds: impl FnOnce(RunnerBuilder) -> RunnerBuilder,
) -> Result<(Runner, Arc<MemoryMetrics>)> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone() as MetricsHandle).recording_mode(path);
    let runner = bounds(runner).build()?;
    Ok((runner, memory))
}

/// Loads a guest on a new runner, and runs it.
///
/// # Errors
///
/// When the guest cannot be loaded in this mode, or records are in flight at its end.
pub fn seen(
    path: RecordingMode,
    bounds: impl FnOnce(RunnerBuilder) -> RunnerBuilder,
    guest: &[u8],
    task: Task,
) -> Result<Seen> {
    let (runner, memory) = remembering_within(path, bounds)?;
    let program = runner.load("guest", guest)?;
    let inline = *program.recording() == ProgramRecording::Inline;
    ensure!(inline == (path == RecordingMode::Inline), "{program:?}");
    seen_by(&runner, &memory, &program, task)
}

/// Runs a loaded program on this runner.
///
/// # Errors
///
/// When the program cannot be started, or records are in flight at its end.
pub fn seen_by(
    runner: &Runner,
    memory: &MemoryMetrics,
    program: &Program,
    task: Task,
) -> Result<Seen> {
    let report = block_on(async { Ok(runner.run(program, task).await?) })?;
    ensure!(report.ledger.in_flight() == 0, "{:?}", report.ledger);
    Ok(Seen {
        events: within_task(memory.events())?,
        ledger: report.ledger,
        end: (&report.end).into(),
    })
}

/// The guest's records, which are between those of its runner.
///
/// # Errors
///
/// When the runner's records are missing.
pub fn within_task(mut events: Vec<Event>) -> Result<Vec<Event>> {
    let started = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };
    ensure!(events.first() == Some(&started), "{events:?}");
    events.remove(0);
    let last = events.pop();
    ensure!(
        matches!(
            last,
            Some(Event::TaskCompleted {
                runner: RunnerType::Wasm,
                ..
            })
        ),
        "{last:?}"
    );
    Ok(events)
}

/// Runs a future to its end.
///
/// # Errors
///
/// When the future fails.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(work)
}

/// Yields to other tasks until the condition holds.
pub async fn until(so: impl Fn() -> bool) {
    while !so() {
        tokio::task::yield_now().await;
    }
}
