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

/// Number of slots for spinners, out of all slots.
const SPINNERS_AT_ONCE: usize = 4;

/// Deadline of a run.
const DEADLINE: Duration = Duration::from_millis(500);

/// A deadline that no batch reaches.
const GUARD: Duration = Duration::from_secs(900);

/// The results of guests that end, with and without spinners next to them. A spinner is a
/// guest that loops for ever.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spinners {
    /// Number of slots.
    pub slots: usize,
    /// Maximum number of concurrent spinners.
    pub spinning_at_once: usize,
    /// Deadline of a run.
    pub deadline: Duration,
    /// The guests without spinners.
    pub alone: Batch,
    /// The guests together with spinners.
    pub beside: Batch,
    /// Load of this machine in the minute before the measurement.
    pub load: f64,
}

/// Guests that ran in one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Batch {
    /// Time from the start of the first run to the end of the last one.
    pub took: Duration,
    /// Number of successful runs of guests that end.
    pub succeeded: f64,
    /// Number of spinners that ended at their deadline.
    pub timed_out: f64,
    /// Number of ends of runs in the log.
    pub ended: usize,
    /// Times of successful runs.
    pub good: Times,
    /// Times of spinners.
    pub spinner: Times,
}

/// Times, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Times {
    /// Median.
    pub median: f64,
    /// 99th percentile.
    pub most: f64,
    /// Maximum.
    pub longest: f64,
}

impl Spinners {
    /// Runs `good` guests that end in `slots` slots: first alone, then with `spinning`
    /// guests that loop for ever.
    ///
    /// # Errors
    ///
    /// When the guests do not start, or do not end.
    pub fn run(good: usize, spinning: usize, slots: usize) -> Result<Self> {
        let load = load();
        let alone = Batch::run(good, 0, slots)?;
        Ok(Self {
            slots,
            spinning_at_once: SPINNERS_AT_ONCE,
            deadline: DEADLINE,
            alone,
            beside: Batch::run(good, spinning, slots)?,
            load,
        })
    }
}

impl Batch {
    fn run(good: usize, spinning: usize, slots: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(
            folder.path().join("good.wasm"),
            guest(2, Then::Computes(1))?,
        )?;
        fs::write(folder.path().join("spinner.wasm"), guest(2, Then::Loops)?)?;
        let mut config = format!(
            "[runner]\nconcurrency = {slots}\n\
             [tasks.good]\ncomponent = \"good.wasm\"\nrepeat = {good}\nconcurrency = {}\n",
            slots.saturating_sub(SPINNERS_AT_ONCE).max(1)
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

/// Reads `/metrics` after `runs` runs have ended.
fn ended(served: &Served, runs: usize) -> Result<Reading> {
    let begun = Instant::now();
    while begun.elapsed() < GUARD {
        let reading = Reading::of(&served.page("/metrics")?)?;
        let ended = reading.by("solti_metrics_task_runs_total", "task");
        if ended.values().sum::<f64>() >= runs as f64 {
            return Ok(reading);
        }
        // More frequent requests would take CPU time from the runs.
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
