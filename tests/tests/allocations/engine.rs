//! Allocations of a run in the engine of the server. The measured number is 52, including
//! those of the runner: the engine starts no task and no timer for a run.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use allocation_counter::measure;
use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Pool, Program, Runner, SpawnError, Task, TaskReport};
use solti_metrics_host::wasi::Output;
use solti_metrics_server::engine::{
    Engine, History, Observer, Plan, Printing, RunOutcome, Schedule, Snapshot,
};
use solti_metrics_tests::guest::component;

/// Maximum number of allocations of a run.
const OF_A_RUN: u64 = 52;

/// Observes nothing, and discards the output.
pub(crate) struct Unobserved;

impl Observer for Unobserved {
    fn starts(&self) -> Printing {
        Printing {
            stdout: Output::Discard,
            stderr: Output::Discard,
            finish: Box::new(|| {}),
        }
    }

    fn ended(&self, _: Result<TaskReport, SpawnError>) {}
}

/// A runner, and a guest whose `main` returns this result at once.
pub(crate) fn returning(result: u32) -> Result<(Runner, Program)> {
    let runner = Runner::builder(noop_metrics()).pool(Pool::new(2)).build()?;
    let guest = component(&format!(
        r#"(module (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const {result}))"#
    ))?;
    let program = runner.load("guest", &guest)?;
    Ok((runner, program))
}

/// Runs a task in a new engine until `enough`, and returns the counts at its end.
pub(crate) async fn run(
    (runner, program): &(Runner, Program),
    schedule: Schedule,
    concurrency: NonZeroUsize,
    enough: impl Fn(&Snapshot) -> bool,
) -> Result<Snapshot> {
    let engine = Engine::start(runner.clone(), None, Duration::from_secs(10))?;
    let plan = Plan {
        name: "task".into(),
        program: program.clone(),
        task: Task::new(),
        schedule,
        concurrency,
        history: History::default(),
    };
    let job = engine.start_task(plan, Arc::new(Unobserved));
    let mut clock = tokio::time::interval(Duration::from_millis(50));
    loop {
        tokio::select! {
            () = job.over() => break,
            _ = clock.tick() => if enough(&job.snapshot()) { break },
        }
    }
    let ended = job.snapshot();
    job.stop().await;
    ensure!(engine.stop().await, "the engine has stopped");
    Ok(ended)
}

pub(crate) fn once(repeat: u64) -> Result<Schedule> {
    let repeat = NonZeroU64::new(repeat).context("no runs")?;
    Ok(Schedule::Once { repeat })
}

#[test]
fn a_run_in_the_engine_allocates_no_more_than_the_limit_of_a_task() -> Result<()> {
    let guest = returning(0)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let allocations = |repeat| {
        let mut ended = None;
        let allocated = measure(|| {
            ended = Some(runtime.block_on(async {
                run(&guest, once(repeat)?, NonZeroUsize::MIN, |_| false).await
            }));
        });
        let ended = ended.transpose()?.unwrap_or_default();
        ensure!(ended.runs[RunOutcome::Success as usize] == repeat);
        Ok(allocated.count_total)
    };
    // The first runs create shared objects, and fill the list of recent runs.
    allocations(100)?;
    let (few, many) = (allocations(100)?, allocations(1_100)?);
    let of_a_run = many.saturating_sub(few) / 1_000;
    ensure!(of_a_run <= OF_A_RUN, "{of_a_run} of a run");
    Ok(())
}
