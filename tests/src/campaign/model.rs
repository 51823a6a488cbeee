use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::{Result, ensure};

use super::log::LoggedRun;
use super::setup::{MIDDLEWARE, STEADY, Schedule, Setup, TaskSetup};
use crate::endurance::Reading;
use crate::exposition::{counters, samples};

/// Facts about a runner that follow from the requests that it got, whatever the times.
pub(crate) struct Model {
    begun: Instant,
    /// Each setting that a task ever had, and the number of its starts.
    tasks: BTreeMap<&'static str, Vec<TaskSetup>>,
    starts: BTreeMap<&'static str, u64>,
    sources: BTreeSet<String>,
    middleware: bool,
    /// Number of requested reloads.
    pub(crate) reloads: u64,
    /// Whether a task had a component that cannot be loaded. The runner records an error for
    /// each attempt.
    pub(crate) failed_loads: bool,
    /// The counters of the last scrape.
    last: BTreeMap<String, f64>,
}

const RUNS: &str = "solti_metrics_task_runs_total";

impl Model {
    pub(crate) fn new(first: &Setup) -> Self {
        let mut model = Self {
            begun: Instant::now(),
            tasks: BTreeMap::new(),
            starts: BTreeMap::new(),
            sources: ["guests", "runner", "retired", STEADY]
                .map(str::to_owned)
                .into(),
            middleware: false,
            reloads: 0,
            failed_loads: false,
            last: BTreeMap::new(),
        };
        model.configured(first);
        model
    }

    /// Notes a configuration before the runner can read it.
    pub(crate) fn configured(&mut self, setup: &Setup) {
        for (name, task) in &setup.tasks {
            let known = self.tasks.entry(name).or_default();
            if known.last() != Some(task) {
                known.push(*task);
            }
            // A removed task that returns starts again, also without a change.
            *self.starts.entry(name).or_default() += 1;
        }
        self.sources
            .extend(setup.backends.keys().map(|name| (*name).to_owned()));
        if setup.middleware {
            self.middleware = true;
            self.sources.insert(MIDDLEWARE.to_owned());
        }
    }

    /// Notes that a component is replaced. The tasks that run it start again.
    pub(crate) fn rebuilt(&mut self, file: &str) {
        for (name, setups) in &self.tasks {
            if setups.iter().any(|setup| setup.program.file() == file) {
                *self.starts.entry(name).or_default() += 1;
            }
        }
    }

    /// Returns whether a middleware was ever in front of the backends.
    pub(crate) const fn had_middleware(&self) -> bool {
        self.middleware
    }

    /// The number of runs of a task that was started once, if it follows from its setting.
    pub(crate) fn all_runs(&self, name: &str) -> Option<u64> {
        let ([setup], Some(1)) = (&**self.tasks.get(name)?, self.starts.get(name)) else {
            return None;
        };
        match setup.schedule {
            Schedule::Once { repeat } => Some(repeat),
            Schedule::Interval { .. } | Schedule::Restart { .. } => None,
        }
    }

    /// Checks the text of `/metrics` on its own, and after the previous one.
    pub(crate) fn scraped(&mut self, text: &str) -> Result<Reading> {
        let reading = Reading::of(text)?;
        let unbalanced = reading.unbalanced();
        ensure!(unbalanced.is_empty(), "{unbalanced:?}");
        let now = counters(text)?;
        for (series, before) in &self.last {
            let after = now.get(series);
            ensure!(
                after >= Some(before),
                "{series} was {before} and is {after:?}"
            );
        }
        self.last = now;
        for sample in samples(text)? {
            let value = sample.number()?;
            ensure!(value >= 0.0, "{}: {value}", sample.series);
            if let Some(source) = sample.label("source") {
                ensure!(self.sources.contains(source), "source {source}");
            }
            if sample.name == RUNS && value > 0.0 {
                let (task, outcome) = (sample.label("task"), sample.label("outcome"));
                let (task, outcome) = (task.unwrap_or_default(), outcome.unwrap_or_default());
                ensure!(self.may_end(task, outcome), "{}: {value}", sample.series);
            }
        }
        for (task, runs) in reading.by(RUNS, "task") {
            let most = self.most_runs(&task);
            ensure!(runs <= most, "{task}: {runs} runs, at most {most}");
        }
        let reloads = reading.by("solti_metrics_config_reloads_total", "result");
        let reloads: f64 = reloads.values().sum();
        ensure!(reloads <= self.reloads as f64, "{reloads} reloads");
        ensure!(reading.get("solti_metrics_log_entries_lost_total") == 0.0);
        Ok(reading)
    }

    /// Checks a run in the log.
    pub(crate) fn ran(&self, run: &LoggedRun) -> Result<()> {
        let setups = self.tasks.get(&*run.task).into_iter().flatten();
        let fits = setups.into_iter().any(|setup| setup.allows(run));
        ensure!(fits, "{run:?}: {:?}", self.tasks.get(&*run.task));
        Ok(())
    }

    fn may_end(&self, task: &str, outcome: &str) -> bool {
        let mut setups = self.tasks.get(task).into_iter().flatten();
        setups.any(|setup| setup.may_end(outcome))
    }

    fn most_runs(&self, task: &str) -> f64 {
        let starts = self.starts.get(task).copied().unwrap_or_default() as f64;
        let passed = self.begun.elapsed().as_secs_f64() * 1e3;
        let setups = self.tasks.get(task).into_iter().flatten();
        setups
            .map(|setup| match setup.schedule {
                Schedule::Once { repeat } => repeat as f64 * starts,
                Schedule::Interval { ms, .. } => passed / ms as f64 + starts,
                Schedule::Restart { backoff_ms } => {
                    (passed / backoff_ms as f64 + starts) * setup.concurrency as f64
                }
            })
            .sum()
    }
}

impl TaskSetup {
    fn may_end(&self, outcome: &str) -> bool {
        match outcome {
            // A reload, a stop or the policy `replace` cancels a run.
            "canceled" => true,
            "timeout" => self.timeout_ms.is_some() && !self.starved,
            // The time of a run can end before its start.
            "start_failed" => self.starved || self.timeout_ms.is_some(),
            other => self.program.outcome() == other && !self.starved,
        }
    }

    fn allows(&self, run: &LoggedRun) -> bool {
        let starts = !self.starved && run.outcome != "start_failed";
        let records = if starts { self.program.records() } else { 0 };
        let dropped = match self.quota {
            Some(quota) => run.records.saturating_sub(quota),
            None => 0,
        };
        let whole = match &*run.outcome {
            "canceled" | "timeout" => run.records <= records,
            _ => run.records == records,
        };
        self.may_end(&run.outcome) && whole && run.dropped == dropped
    }
}
