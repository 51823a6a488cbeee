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

/// Longer than any of this takes.
const GUARD: Duration = Duration::from_secs(1800);

/// Some runs of a task that always does the same, and what went on beside them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Round {
    /// How long a run took on average, in milliseconds. Half of them at most would jump
    /// between those who had a processor for themselves and those who shared it.
    pub mean_ms: f64,
    /// 95 of 100 at most.
    pub most_ms: f64,
    /// How long all of it took, in seconds.
    pub seconds: f64,
    /// Of these, processor seconds of the runner that no task had.
    pub serving: f64,
    /// Processor seconds of this process, which is where the scrapers are.
    pub scraping: f64,
    /// How long each scrape took, in milliseconds.
    pub scrapes_ms: Vec<f64>,
    /// How many slow connections were closed by the server.
    pub closed: usize,
}

/// Starts a runner that works for ever, with so many runs at a time.
pub(super) fn start(folder: &Path, places: usize) -> Result<Served> {
    fs::write(folder.join("work.wasm"), guest(2, Then::Computes(10))?)?;
    let config = format!(
        "[runner]\nconcurrency = {places}\n\
         [tasks.work]\ncomponent = \"work.wasm\"\nrepeat = 1000000\nconcurrency = {places}\n"
    );
    Ok(Served::start(folder, &config)?.within(GUARD))
}

impl Round {
    /// The next so many runs that begin from here on.
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

/// Processor seconds of the runner so far that no task had.
fn cpu(served: &Served) -> Result<f64> {
    let reading = Reading::of(&served.page("/metrics")?)?;
    let tasks = reading.by("solti_metrics_task_cpu_seconds_total", "task");
    Ok(reading.get("process_cpu_seconds_total") - tasks.values().sum::<f64>())
}
