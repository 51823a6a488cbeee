use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::guests::{Then, guest};
use super::line::share;
use super::process::load;
use super::reading::Reading;
use super::run_end::RunEnd;
use crate::served::Served;

/// How many places there are for spinners, out of all.
const SPINNERS_AT_ONCE: usize = 4;

/// How long a run may take.
const DEADLINE: Duration = Duration::from_millis(500);

/// Longer than any of this takes.
const GUARD: Duration = Duration::from_secs(900);

/// What became of guests that end, with and without some beside them that do not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spinners {
    /// How many may run at a time.
    pub places: usize,
    /// How many of these may be spinners.
    pub spinning_at_once: usize,
    /// How long a run may take.
    pub deadline: Duration,
    /// The same guests without a spinner.
    pub alone: Batch,
    /// With them.
    pub beside: Batch,
    /// What wanted this machine's processors in the minute before, without this.
    pub load: f64,
}

/// Guests that ran in one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// From when the first began to when the last ended.
    pub took: Duration,
    /// How many of those that end were successful.
    pub succeeded: f64,
    /// How many of the others ended at their deadline.
    pub timed_out: f64,
    /// How many ends the log has.
    pub ended: usize,
    /// How long a run took that ended.
    pub good: Times,
    /// How long a spinner was there.
    pub spinner: Times,
}

/// Milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Times {
    /// Half of them at most.
    pub median: f64,
    /// 99 of 100 at most.
    pub most: f64,
    /// All of them at most.
    pub longest: f64,
}

impl Spinners {
    /// Runs so many guests that end, in so many places; first alone, and then with so
    /// many that loop for ever.
    ///
    /// # Errors
    ///
    /// When they cannot be started, or do not end.
    pub fn run(good: usize, spinning: usize, places: usize) -> Result<Self> {
        let load = load();
        let alone = Batch::run(good, 0, places)?;
        Ok(Self {
            places,
            spinning_at_once: SPINNERS_AT_ONCE,
            deadline: DEADLINE,
            alone,
            beside: Batch::run(good, spinning, places)?,
            load,
        })
    }
}

impl Batch {
    fn run(good: usize, spinning: usize, places: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(
            folder.path().join("good.wasm"),
            guest(2, Then::Computes(1))?,
        )?;
        fs::write(folder.path().join("spinner.wasm"), guest(2, Then::Loops)?)?;
        let mut config = format!(
            "[runner]\nconcurrency = {places}\n\
             [tasks.good]\ncomponent = \"good.wasm\"\nrepeat = {good}\nconcurrency = {}\n",
            places.saturating_sub(SPINNERS_AT_ONCE).max(1)
        );
        if spinning > 0 {
            config += &format!(
                "[tasks.spinner]\ncomponent = \"spinner.wasm\"\nrepeat = {spinning}\n\
                 concurrency = {SPINNERS_AT_ONCE}\ntimeout = \"{}\"\n",
                humantime::format_duration(DEADLINE)
            );
        }
        let served = Served::start(folder.path(), &config)?.within(GUARD);
        let reading = ended(&served, good + spinning)?;
        let runs = |task: &str, outcome: &str| {
            reading.get(&format!(
                "solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}"
            ))
        };
        let (succeeded, timed_out) = (runs("good", "success"), runs("spinner", "timeout"));
        let end = served.stop()?;
        ensure!(end.code == Some(0), "{end}");
        let (mut times, mut first, mut last) = ([Vec::new(), Vec::new()], None, None);
        for run in RunEnd::all(&end.stderr) {
            let run = run?;
            times[usize::from(run.task == "spinner")].push(run.ms);
            first = first.into_iter().chain([run.began]).min();
            last = last.into_iter().chain([run.ended]).max();
        }
        let (first, last) = first.zip(last).context("no runs in the log")?;
        Ok(Self {
            took: last.duration_since(first)?,
            succeeded,
            timed_out,
            ended: times.iter().map(Vec::len).sum(),
            good: Times::of(&times[0]),
            spinner: Times::of(&times[1]),
        })
    }
}

/// What it says when so many runs have ended.
fn ended(served: &Served, runs: usize) -> Result<Reading> {
    let begun = Instant::now();
    while begun.elapsed() < GUARD {
        let reading = Reading::of(&served.page("/metrics")?)?;
        let ended = reading.by("solti_metrics_task_runs_total", "task");
        if ended.values().sum::<f64>() >= runs as f64 {
            return Ok(reading);
        }
        // Whoever asks more often takes time from those who run.
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bail!("{runs} runs did not end within {GUARD:?}")
}

impl Times {
    pub(super) fn of(times: &[f64]) -> Self {
        let share = |part| share(times.iter().copied(), part);
        Self {
            median: share(0.5),
            most: share(0.99),
            longest: share(1.0),
        }
    }
}
