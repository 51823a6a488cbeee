use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use solti_metrics_host::{DropReason, LedgerSnapshot};

use crate::backend::Backends;
use crate::summary::{Completed, RunnerErrors, Started};
use crate::tally::Tally;

/// What happened, in the form in which programs read it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    pub(crate) component: String,
    pub(crate) backend: &'static str,
    pub(crate) runs: u64,
    pub(crate) runs_ended: u64,
    pub(crate) elapsed_ms: u64,
    pub(crate) tasks: Vec<Completed>,
    pub(crate) started: Vec<Started>,
    pub(crate) errors: Vec<RunnerErrors>,
    ends: Vec<End>,
    pub(crate) ledger: Ledgers,
    output_swallowed: u64,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct End {
    end: &'static str,
    detail: String,
    count: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Ledgers {
    pub(crate) guests: LedgerRow,
    pub(crate) runner: LedgerRow,
}

#[derive(Debug, Serialize)]
pub(crate) struct LedgerRow {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) clamped: u64,
    pub(crate) in_flight: u64,
    pub(crate) dropped: BTreeMap<&'static str, u64>,
}

impl Report {
    pub(crate) fn new(backends: &Backends, tally: &Tally, elapsed: Duration) -> Self {
        let summary = backends.summary.as_deref();
        Self {
            schema: "solti-metrics/run@1",
            component: tally.component().into(),
            backend: backends.chosen.as_label(),
            runs: tally.asked(),
            runs_ended: tally.ended_tasks(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            tasks: summary.map_or_else(Vec::new, |summary| summary.completed()),
            started: summary.map_or_else(Vec::new, |summary| summary.started()),
            errors: summary.map_or_else(Vec::new, |summary| summary.errors()),
            ends: tally
                .ends()
                .map(|(end, detail, count)| End {
                    end,
                    detail: detail.into(),
                    count,
                })
                .collect(),
            ledger: Ledgers {
                guests: backends.guests.total().into(),
                runner: backends.own.total().into(),
            },
            output_swallowed: tally.swallowed(),
            warnings: tally.warnings().to_vec(),
        }
    }
}

impl From<LedgerSnapshot> for LedgerRow {
    fn from(ledger: LedgerSnapshot) -> Self {
        Self {
            accepted: ledger.accepted(),
            delivered: ledger.delivered(),
            clamped: ledger.clamped(),
            in_flight: ledger.in_flight(),
            dropped: DropReason::ALL
                .into_iter()
                .map(|reason| (reason.as_label(), ledger.dropped(reason)))
                .collect(),
        }
    }
}
