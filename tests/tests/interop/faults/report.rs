use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::faults::case::Counts;

/// The checked part of the JSON report.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    schema: String,
    started: Vec<Started>,
    tasks: Vec<Completed>,
    errors: Vec<RunnerError>,
    pub(crate) ledger: Ledgers,
}

#[derive(Debug, Deserialize)]
struct Started {
    runner: String,
    count: u64,
}

#[derive(Debug, Deserialize)]
struct Completed {
    runner: String,
    outcome: String,
    count: u64,
}

#[derive(Debug, Deserialize)]
struct RunnerError {
    runner: String,
    error: String,
    count: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ledgers {
    pub(crate) guests: Ledger,
    pub(crate) runner: Ledger,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) clamped: u64,
    pub(crate) in_flight: u64,
    dropped: Counts,
}

impl Report {
    pub(crate) fn parse(stdout: &str) -> Result<Self> {
        let report: Self = serde_json::from_str(stdout).context("stdout is not the report")?;
        let schema = &report.schema;
        ensure!(schema == "solti-metrics/run@1", "another schema: {schema}");
        Ok(report)
    }

    pub(crate) fn started(&self) -> Counts {
        let started = self.started.iter();
        started.map(|it| (it.runner.clone(), it.count)).collect()
    }

    pub(crate) fn tasks(&self) -> Counts {
        let tasks = self.tasks.iter();
        tasks
            .map(|it| (format!("{}/{}", it.runner, it.outcome), it.count))
            .collect()
    }

    pub(crate) fn errors(&self) -> Counts {
        let errors = self.errors.iter();
        errors
            .map(|it| (format!("{}/{}", it.runner, it.error), it.count))
            .collect()
    }
}

impl Ledger {
    /// Dropped records, without reasons that have none.
    pub(crate) fn dropped(&self) -> Counts {
        let mut dropped = self.dropped.clone();
        dropped.retain(|_, count| *count > 0);
        dropped
    }

    /// Checks that each accepted record is accounted for.
    pub(crate) fn must_balance(&self, whose: &str) -> Result<()> {
        let known = self.delivered + self.dropped.values().sum::<u64>() + self.in_flight;
        ensure!(
            self.accepted == known && self.in_flight == 0,
            "the ledger of {whose} does not balance: {self:?}"
        );
        Ok(())
    }
}
