use std::fs;
use std::sync::Arc;

use cpu_time::ThreadTime;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::runner::{Program, Runner, Task, TaskEnd};
use tokio::task::JoinSet;

use crate::bench::rows::recording;
use crate::bench::{Result, Spread};
use crate::guest::component;

/// Cost of tasks after a number of tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct After {
    /// Number of tasks that ran one after another. The same number ran concurrently
    /// afterwards.
    pub(crate) tasks: u32,
    /// CPU time of each task, one after another, in microseconds.
    pub(crate) alone_us: f64,
    /// CPU time of each task with up to [`CROWD`] concurrent tasks, in microseconds.
    pub(crate) crowd_us: f64,
    /// Resident memory of this process after the tasks. 0 if the system does not report
    /// it.
    pub(crate) resident_kib: u64,
}

/// Concurrent tasks.
pub(crate) const CROWD: usize = 64;

/// Minimum number of measured tasks. Small numbers of tasks are repeated up to this
/// number.
const ENOUGH: u32 = 1_000;

/// Measures one task, ten tasks, and so on up to `most`, all through one runner.
pub(super) fn measure(most: u32) -> Result<Vec<After>> {
    let metrics = Arc::new(PrometheusMetrics::new());
    let runner = Runner::builder(metrics).build()?;
    let bytes = component(&recording("solti:metrics/backend@0.1.0", 1))?;
    let program = runner.load("guest", &bytes)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;

    let of_each = |tasks: u32, crowd: bool| -> Result<f64> {
        let times = (0..(ENOUGH / tasks).max(1)).map(|_| {
            let start = ThreadTime::now();
            match crowd {
                false => runtime.block_on(one_by_one(&runner, &program, tasks))?,
                true => runtime.block_on(in_a_crowd(&runner, &program, tasks))?,
            }
            Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(tasks))
        });
        let spread = Spread::of(times.collect::<Result<_>>()?);
        Ok(spread.ok_or("no tasks")?.median)
    };
    // The first tasks also pay for objects that are made once.
    of_each(ENOUGH, false)?;
    let counts = std::iter::successors(Some(1_u32), |tasks| tasks.checked_mul(10));
    counts
        .take_while(|tasks| *tasks <= most)
        .map(|tasks| {
            Ok(After {
                tasks,
                alone_us: of_each(tasks, false)?,
                crowd_us: of_each(tasks, true)?,
                resident_kib: resident_kib(),
            })
        })
        .collect()
}

async fn one_by_one(runner: &Runner, program: &Program, tasks: u32) -> Result<()> {
    for _ in 0..tasks {
        one(runner, program).await?;
    }
    Ok(())
}

async fn in_a_crowd(runner: &Runner, program: &Program, tasks: u32) -> Result<()> {
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        if running.len() == CROWD
            && let Some(ended) = running.join_next().await
        {
            ended??;
        }
        let (runner, program) = (runner.clone(), program.clone());
        running.spawn(async move { one(&runner, &program).await });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

async fn one(runner: &Runner, program: &Program) -> Result<()> {
    let report = runner.run(program, Task::new()).await?;
    match report.end {
        TaskEnd::Exited { code: 0 } => Ok(()),
        end => Err(format!("it ended so: {end}").into()),
    }
}

fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
