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
use crate::component::Component;
use crate::counts::{Counter, Counts};
use crate::error::Error;
use crate::term::Term;

/// How long a run may take, unless it is said.
const LONGEST: Duration = Duration::from_secs(60);

/// Of what it prints, so much is kept to be shown.
const OUTPUT: u64 = 1 << 20;

/// One run of it, to whatever end.
pub(super) struct Run {
    pub(super) report: TaskReport,
    pub(super) counts: Counts,
    pub(super) path: ProgramRecording,
}

/// Why there was none.
pub(super) enum NotRun {
    /// The guest is at fault.
    Fault(Fault),
    /// The guest is not at fault.
    Error(Error),
}

impl From<Error> for NotRun {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Runs a guest on a path. `quota` is how many records it may make.
pub(super) async fn run(
    guest: &Component<'_>,
    path: RecordingMode,
    quota: Option<u64>,
) -> Result<Run, NotRun> {
    let counter = Arc::new(Counter::default());
    let runner = Runner::builder(Arc::clone(&counter) as MetricsHandle)
        // What the runner says of the guest is not what the guest says.
        .own_backend(noop_metrics())
        .artifacts(guest.artifacts.clone())
        .max_component(guest.options.max_component)
        .stack(guest.options.stack)
        .recording_mode(path)
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
    Ok(Run {
        report: run.map_err(|error| not_spawned(&error))?,
        counts: counter.counts(),
        path: program.recording().clone(),
    })
}

fn task(guest: &Component<'_>) -> Task {
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

fn not_loaded(guest: &Component<'_>, error: &LoadError) -> NotRun {
    match Error::untested_load(&guest.name, error) {
        Some(untested) => untested.into(),
        None => {
            let check = guest.options.term(Term::Inspection);
            not_run(error.to_string(), &format!("see what {check} says of it"))
        }
    }
}

fn not_spawned(error: &SpawnError) -> NotRun {
    not_run(error.to_string(), "give it what it needs to start")
}

fn not_run(seen: String, fix: &str) -> NotRun {
    NotRun::Fault(Fault::new("it can be run here", seen, fix))
}
