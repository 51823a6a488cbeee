use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use super::guests::{Then, guest};
use super::line::share;
use super::reading::Reading;
use super::run_end::RunEnd;
use crate::served::Served;

/// A deadline that no round reaches.
const GUARD: Duration = Duration::from_secs(1800);

/// Some runs of a task that always does the same work, and the load at the same time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Round {
    /// Average time of a run, in milliseconds. A median would jump between runs with
    /// their own processor and runs that share a processor.
    pub mean_ms: f64,
    /// 95th percentile of the times, in milliseconds.
    pub most_ms: f64,
    /// Length of the round, in seconds.
    pub seconds: f64,
    /// CPU time of the runner without its tasks in this round, in seconds.
    pub serving: f64,
    /// CPU time of this process, which has the scrapers, in seconds.
    pub scraping: f64,
    /// Time of each scrape, in milliseconds.
    pub scrapes_ms: Vec<f64>,
    /// Number of slow connections that the server has closed.
    pub closed: usize,
}

/// Starts a runner with a task that runs for ever, with `slots` concurrent runs.
pub(super) fn start(folder: &Path, slots: usize) -> Result<Served> {
    fs::write(folder.join("work.wasm"), guest(2, Then::Computes(10))?)?;
    let config = format!(
        "[runner]\nconcurrency = {slots}\n\
         [tasks.work]\ncomponent = \"work.wasm\"\nrepeat = 1000000\nconcurrency = {slots}\n"
    );
    Ok(Served::start(folder, &config)?.within(GUARD))
}

impl Round {
    /// Observes the next `runs` runs that start from now on.
    pub(super) fn of(served: &mut Served, runs: usize) -> Result<Self> {
        let (from, begun, own) = (SystemTime::now(), Instant::now(), ProcessTime::now());
        let before = cpu(served)?;
        let mut took = Vec::new();
        while took.len() < runs {
            let entry = served.entry("a run that ended", RunEnd::is)?;
            let run = RunEnd::of(&entry)?;
            if run.began >= from {
                took.push(run.ms);
            }
        }
        let after = cpu(served)?;
        Ok(Self {
            mean_ms: took.iter().sum::<f64>() / took.len() as f64,
            most_ms: share(took.iter().copied(), 0.95),
            seconds: begun.elapsed().as_secs_f64(),
            serving: after - before,
            scraping: own.elapsed().as_secs_f64(),
            ..Self::default()
        })
    }
}

/// CPU time of the runner without its tasks so far, in seconds.
fn cpu(served: &Served) -> Result<f64> {
    let reading = Reading::of(&served.page("/metrics")?)?;
    let tasks = reading.by("solti_metrics_task_cpu_seconds_total", "task");
    Ok(reading.get("process_cpu_seconds_total") - tasks.values().sum::<f64>())
}
