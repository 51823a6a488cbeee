use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{MetricsHandle, noop_metrics};
use solti_metrics_host::artifact::Artifacts;
use solti_metrics_host::runner::{
    LoadError, Output, Path, RecordPath, Runner, SpawnError, Stdin, Task, TaskEnd, TaskReport,
};

use crate::conformance::args::ConformanceArgs;
use crate::conformance::counts::{Counter, Counts};
use crate::conformance::untested::Untested;
use crate::conformance::verdict::Fault;

/// How long a run may take, unless it is said.
const LONGEST: Duration = Duration::from_secs(60);

/// Of what it prints, so much is kept to be shown.
const OUTPUT: u64 = 1 << 20;

/// The guest under test.
pub(in crate::conformance) struct Guest<'a> {
    pub(in crate::conformance) name: &'a str,
    pub(in crate::conformance) bytes: &'a [u8],
    pub(in crate::conformance) artifacts: Artifacts,
    pub(in crate::conformance) args: &'a ConformanceArgs,
}

/// One run of it, to whatever end.
pub(super) struct Run {
    pub(super) report: TaskReport,
    pub(super) counts: Counts,
    pub(super) path: Path,
}

/// Why there was none.
pub(super) enum NotRun {
    Load(LoadError),
    Spawn(SpawnError),
}

impl Guest<'_> {
    pub(super) async fn run(
        &self,
        path: RecordPath,
        quota: Option<u64>,
    ) -> anyhow::Result<Result<Run, NotRun>> {
        let counter = Arc::new(Counter::default());
        let runner = Runner::builder(Arc::clone(&counter) as MetricsHandle)
            // What the runner says of the guest is not what the guest says.
            .own_backend(noop_metrics())
            .artifacts(self.artifacts.clone())
            .max_component(self.args.max_component.as_u64())
            .stack(usize::try_from(self.args.stack.as_u64())?)
            .path(path)
            .build()?;
        let program = match runner.load(self.name, self.bytes) {
            Ok(program) => program,
            Err(error) => {
                return match Untested::of_load(self.name, &error) {
                    Some(untested) => Err(untested.into()),
                    None => Ok(Err(NotRun::Load(error))),
                };
            }
        };
        let mut task = self.task();
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
            return Err(Untested::new(self.name, limit).into());
        }
        Ok(match run {
            Ok(report) => Ok(Run {
                report,
                counts: counter.counts(),
                path: program.path().clone(),
            }),
            Err(error) => Err(NotRun::Spawn(error)),
        })
    }

    fn task(&self) -> Task {
        let args = self.args;
        let mut task = Task::new();
        task.args.clone_from(&args.args);
        task.env.clone_from(&args.env);
        for dir in &args.dirs {
            task = task.dir(&dir.host, &dir.guest, dir.access);
        }
        if let Some(file) = &args.stdin {
            task.stdin = Stdin::File(file.clone());
        }
        task.limits.deadline = Some(args.timeout.map_or(LONGEST, |time| time.0));
        if let Some(memory) = args.memory {
            task.limits.memory = usize::try_from(memory.as_u64()).unwrap_or(usize::MAX);
        }
        task.limits.output = OUTPUT;
        args.limits.put(&mut task.limits);
        (task.stdout, task.stderr) = if args.shows_output() {
            (Output::Stderr, Output::Stderr)
        } else {
            (Output::Discard, Output::Capture)
        };
        task
    }
}

impl NotRun {
    pub(super) fn fault(&self) -> Fault {
        let (seen, fix) = match self {
            Self::Load(error) => (
                error.to_string(),
                "see what `solti-metrics check` says of it",
            ),
            Self::Spawn(error) => (error.to_string(), "give it what it needs to start"),
        };
        Fault::new("it can be run here", seen, fix)
    }
}
