use std::time::Duration;

use serde::Serialize;
use solti_metrics_host::provider::{BackendState, BackendStatus};
use solti_metrics_host::runner::Path;
use solti_metrics_server::LedgerRow;

use super::backend::Backends;
use super::summary::{self, Completed, RunnerErrors, Started};
use super::tally::Tally;

/// What happened, in the form in which programs read it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    pub(crate) component: String,
    pub(crate) backend: String,
    /// How the guest's records travelled: `inline`, `direct`, `none`, or null if it
    /// was not loaded.
    path: Option<&'static str>,
    /// Why they did not travel as they were asked to.
    pub(crate) recording_mode_reason: Option<String>,
    pub(crate) runs: u64,
    pub(crate) runs_ended: u64,
    pub(crate) elapsed_ms: u64,
    pub(crate) tasks: Vec<Completed>,
    pub(crate) started: Vec<Started>,
    pub(crate) errors: Vec<RunnerErrors>,
    ends: Vec<End>,
    pub(crate) ledger: Ledgers,
    pub(crate) backends: Vec<BackendRow>,
    output_truncated: u64,
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

/// A component that received records.
#[derive(Debug, Serialize)]
pub(crate) struct BackendRow {
    pub(crate) name: String,
    pub(crate) state: &'static str,
    interfaces: Vec<&'static str>,
    pub(crate) failures: u64,
    pub(crate) restarts: u64,
    pub(crate) replacements: u64,
    last_failure: Option<String>,
    stderr_tail: Option<String>,
    flush_error: Option<String>,
    output_truncated: u64,
    pub(crate) ledger: LedgerRow,
    forwarded: Option<LedgerRow>,
}

impl BackendRow {
    fn new(status: BackendStatus, state: BackendState) -> Self {
        Self {
            name: status.name.to_string(),
            state: state.as_label(),
            interfaces: status.optional_interfaces.names(),
            failures: status.failures,
            restarts: status.restarts,
            replacements: status.replacements,
            last_failure: status.last_failure.map(|it| it.to_string()),
            stderr_tail: status.stderr_tail,
            flush_error: status.flush_error,
            output_truncated: status.output_truncated,
            ledger: status.ledger.into(),
            forwarded: status.forwarded.map(Into::into),
        }
    }
}

impl Report {
    /// `states` are those of the components before they were stopped.
    pub(crate) fn new(
        backends: &Backends,
        states: &[BackendState],
        tally: &Tally,
        elapsed: Duration,
    ) -> Self {
        let summary = backends.summary.as_deref();
        Self {
            schema: "solti-metrics/run@1",
            component: tally.component().into(),
            backend: backends.chosen.clone(),
            path: tally.path().map(ProgramRecording::as_label),
            recording_mode_reason: tally
                .path()
                .and_then(ProgramRecording::reason)
                .map(Into::into),
            runs: tally.asked(),
            runs_ended: tally.ended_tasks(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            tasks: summary.map_or_else(Vec::new, summary::completed),
            started: summary.map_or_else(Vec::new, summary::started),
            errors: summary.map_or_else(Vec::new, summary::errors),
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
            backends: backends
                .components
                .iter()
                .zip(states)
                .map(|(component, state)| BackendRow::new(component.status(), *state))
                .collect(),
            output_truncated: tally.truncated(),
            warnings: tally.warnings().to_vec(),
        }
    }
}
