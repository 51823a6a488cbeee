//! The report of `run`.

use std::time::Duration;

use serde::Serialize;
use solti_metrics_host::provider::{BackendState, BackendStatus};
use solti_metrics_host::runner::ProgramRecording;
use solti_metrics_server::LedgerRow;

use super::backend::RunBackends;
use super::summary::{self, CompletedRow, RunnerErrors, StartedRow};
use super::tally::RunTally;

/// The report of a run, in the JSON format.
#[derive(Debug, Serialize)]
pub(crate) struct RunReport {
    schema: &'static str,
    pub(crate) component: String,
    pub(crate) backend: String,
    /// Recording mode of the guest: `inline`, `direct` or `none`, or null if the guest was
    /// not loaded.
    recording_mode: Option<&'static str>,
    /// Reason why the recording mode is not the requested one.
    pub(crate) recording_mode_reason: Option<String>,
    /// Whether calls between the modules of the guest, and of the shim, are inlined.
    inlined: Option<bool>,
    pub(crate) runs: u64,
    pub(crate) runs_ended: u64,
    pub(crate) elapsed_ms: u64,
    pub(crate) tasks: Vec<CompletedRow>,
    pub(crate) started: Vec<StartedRow>,
    pub(crate) errors: Vec<RunnerErrors>,
    ends: Vec<EndCount>,
    pub(crate) ledger: RunLedgers,
    pub(crate) backends: Vec<BackendReport>,
    output_truncated: u64,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct EndCount {
    end: &'static str,
    detail: String,
    count: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct RunLedgers {
    pub(crate) guests: LedgerRow,
    pub(crate) runner: LedgerRow,
}

/// A component backend or middleware.
#[derive(Debug, Serialize)]
pub(crate) struct BackendReport {
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

impl BackendReport {
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

impl RunReport {
    /// `states` has the state of each component before it was stopped.
    pub(crate) fn new(
        backends: &RunBackends,
        states: &[BackendState],
        tally: &RunTally,
        elapsed: Duration,
    ) -> Self {
        let summary = backends.summary.as_deref();
        Self {
            schema: "solti-metrics/run@1",
            component: tally.component().into(),
            backend: backends.chosen.clone(),
            recording_mode: tally.recording().map(ProgramRecording::as_label),
            recording_mode_reason: tally
                .recording()
                .and_then(ProgramRecording::reason)
                .map(Into::into),
            inlined: tally.inlined(),
            runs: tally.asked(),
            runs_ended: tally.ended_tasks(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            tasks: summary.map_or_else(Vec::new, summary::completed),
            started: summary.map_or_else(Vec::new, summary::started),
            errors: summary.map_or_else(Vec::new, summary::errors),
            ends: tally
                .ends()
                .map(|(end, detail, count)| EndCount {
                    end,
                    detail: detail.into(),
                    count,
                })
                .collect(),
            ledger: RunLedgers {
                guests: backends.guests.total().into(),
                runner: backends.own.total().into(),
            },
            backends: backends
                .components
                .iter()
                .zip(states)
                .map(|(component, state)| BackendReport::new(component.status(), *state))
                .collect(),
            output_truncated: tally.truncated(),
            warnings: tally.warnings().to_vec(),
        }
    }
}
