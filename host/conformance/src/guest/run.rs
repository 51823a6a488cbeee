//! One run of a guest.

use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{MetricsHandle, noop_metrics};
use solti_metrics_host::component::{LoadError, Role};
use solti_metrics_host::runner::{
    ProgramRecording, RecordingMode, Runner, SpawnError, Task, TaskEnd, TaskReport,
};
use solti_metrics_host::wasi::Output;

use crate::check::Fault;
use crate::component::TestedComponent;
use crate::counts::{CountingBackend, LabelCounts};
use crate::error::Error;
use crate::term::Term;

/// Default timeout of a run.
const LONGEST: Duration = Duration::from_secs(60);

/// Maximum captured output of a run, in bytes.
const OUTPUT: u64 = 1 << 20;

/// One complete run of a guest.
pub(super) struct GuestRun {
    pub(super) report: TaskReport,
    pub(super) counts: LabelCounts,
    pub(super) recording: ProgramRecording,
}

/// Reason why a guest did not run.
pub(super) enum RunFailure {
    /// The guest is at fault.
    Fault(Fault),
    /// The guest is not at fault.
    Error(Error),
}

impl From<Error> for RunFailure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Runs a guest in a recording mode. `quota` is the maximum number of records.
pub(super) async fn run(
    guest: &TestedComponent<'_>,
    recording_mode: RecordingMode,
    quota: Option<u64>,
) -> Result<GuestRun, RunFailure> {
    let counter = Arc::new(CountingBackend::default());
    let runner = Runner::builder(Arc::clone(&counter) as MetricsHandle)
        // Records of the runner about the guest are not records of the guest.
        .own_backend(noop_metrics())
        .artifacts(guest.artifacts.clone())
        .max_component(guest.options.max_component)
        .stack(guest.options.stack)
        .recording_mode(recording_mode)
        .build()
        .map_err(Error::from)?;
    let program = runner
        .load(&guest.name, &guest.bytes)
        .map_err(|error| not_loaded(guest, &error))?;
    let mut task = task(guest);
    task.quota = quota;
    let run = runner.run(&program, task).await;
    let limit = match &run {
        Ok(TaskReport {
            end: TaskEnd::ProcessLimit { limit },
            ..
        }) => Some(limit),
        Ok(_) => None,
        Err(error) => error.process_limit(),
    };
    if let Some(limit) = limit {
        return Err(Error::untested(&guest.name, limit).into());
    }
    Ok(GuestRun {
        report: run.map_err(|error| not_spawned(&error))?,
        counts: counter.counts(),
        recording: program.recording().clone(),
    })
}

fn task(guest: &TestedComponent<'_>) -> Task {
    let options = guest.options;
    let mut task = options.task.clone();
    task.deadline = options.timeout.or(Some(LONGEST));
    task.limits.output = OUTPUT;
    options.limit(&mut task.limits);
    [task.stdout, task.stderr] = match &options.output {
        Some(output) => output(Role::Guest),
        None => [Output::Discard, Output::Capture],
    };
    task
}

fn not_loaded(guest: &TestedComponent<'_>, error: &LoadError) -> RunFailure {
    match Error::untested_load(&guest.name, error) {
        Some(untested) => untested.into(),
        None => {
            let check = guest.options.term(Term::Inspection);
            not_run(
                error.to_string(),
                &format!("check the component with {check}"),
            )
        }
    }
}

fn not_spawned(error: &SpawnError) -> RunFailure {
    not_run(error.to_string(), "provide what the guest needs to start")
}

fn not_run(seen: String, fix: &str) -> RunFailure {
    RunFailure::Fault(Fault::new("the guest runs here", seen, fix))
}
