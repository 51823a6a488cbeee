//! Runs of an empty guest: through the runner, and through the engine of the server.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Program, Runner, SpawnError, Task, TaskEnd, TaskReport};
use solti_metrics_host::wasi::Output;
use solti_metrics_server::engine::{Engine, History, Observer, Plan, Printing, Schedule};
use tokio::runtime::Runtime;

use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

const EMPTY: &str = r#"(module
    (func (export "wasi:cli/run@0.2.12#run") (result i32) (i32.const 0)))"#;

/// Measures runs without supervision, one after another.
pub(super) fn alone(runs: u32) -> Result<Box<dyn Work>> {
    let (runner, program) = program()?;
    Ok(Box::new(Alone {
        runs,
        ended: 0,
        runner,
        program,
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?,
    }))
}

/// Measures runs of one task, one after another.
pub(super) fn engine(runs: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Supervised::new(runs)?))
}

fn program() -> Result<(Runner, Program)> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let program = runner.load("empty", &component(EMPTY)?)?;
    Ok((runner, program))
}

struct Alone {
    runs: u32,
    ended: u64,
    runner: Runner,
    program: Program,
    runtime: Runtime,
}

impl Work for Alone {
    fn run(&mut self) -> Result<()> {
        let Self {
            runs,
            ended,
            runner,
            program,
            runtime,
        } = self;
        runtime.block_on(async {
            for _ in 0..*runs {
                let report = runner.run(program, Task::new()).await?;
                if report.end != (TaskEnd::Exited { code: 0 }) {
                    return Err(format!("it ended so: {}", report.end).into());
                }
                *ended += 1;
            }
            Ok(())
        })
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(Arrived::Counted(self.ended))
    }
}

/// Maximum time for the engine to stop.
const STOP: Duration = Duration::from_secs(10);

/// A task of an engine, with a number of runs.
pub(in crate::bench) struct Supervised {
    runs: u32,
    succeeded: Arc<Succeeded>,
    program: Program,
    engine: Engine,
    runtime: Runtime,
}

impl Supervised {
    pub(in crate::bench) fn new(runs: u32) -> Result<Self> {
        let (runner, program) = program()?;
        // As many threads as in the command.
        let runtime = Runtime::new()?;
        let engine = {
            let _entered = runtime.enter();
            Engine::start(runner, None, STOP)?
        };
        Ok(Self {
            runs,
            succeeded: Arc::default(),
            program,
            engine,
            runtime,
        })
    }
}

impl Work for Supervised {
    fn run(&mut self) -> Result<()> {
        let plan = Plan {
            name: "empty".into(),
            program: self.program.clone(),
            task: Task::new(),
            schedule: Schedule::Once {
                repeat: NonZeroU64::try_from(u64::from(self.runs))?,
            },
            concurrency: NonZeroUsize::MIN,
            history: History::default(),
        };
        let before = self.succeeded.count();
        self.runtime.block_on(async {
            let job = self.engine.start_task(plan, self.succeeded.clone());
            job.over().await;
        });
        match self.succeeded.count() - before {
            succeeded if succeeded == u64::from(self.runs) => Ok(()),
            succeeded => Err(format!("{succeeded} of {} runs succeeded", self.runs).into()),
        }
    }

    fn spreads(&self) -> bool {
        true
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(Arrived::Counted(self.succeeded.count()))
    }
}

/// Counts runs that succeeded.
#[derive(Default)]
struct Succeeded(AtomicU64);

impl Succeeded {
    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Observer for Succeeded {
    fn starts(&self) -> Printing {
        Printing {
            stdout: Output::Discard,
            stderr: Output::Discard,
            finish: Box::new(|| {}),
        }
    }

    fn ended(&self, result: std::result::Result<TaskReport, SpawnError>) {
        if result.is_ok_and(|report| report.end == TaskEnd::Exited { code: 0 }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
