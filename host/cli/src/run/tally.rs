//! Counts of how tasks ended, and the messages about them.

use std::collections::BTreeMap;

use solti_metrics::TaskOutcome;
use solti_metrics_host::component::LoadError;
use solti_metrics_host::limits::GuestTrap;
use solti_metrics_host::provider::BackendStatus;
use solti_metrics_host::runner::{Program, ProgramRecording, SpawnError, TaskEnd, TaskReport};
use solti_metrics_host::text::printable;
use solti_metrics_host::{DropReason, LedgerSnapshot};

use super::args::RunArgs;
use super::backend::RunBackends;
use super::progress::RunProgress;
use crate::limits;

/// Maximum number of failures that are printed. Further failures are only counted.
const SHOWN: u64 = 5;

/// Maximum number of different ends in the report.
const ENDS: usize = 50;

/// Ends and losses of the tasks of one run.
pub(crate) struct RunTally {
    component: String,
    progress: RunProgress,
    recording: Option<ProgramRecording>,
    inlined: Option<bool>,
    asked: u64,
    succeeded: u64,
    failed: u64,
    ends: BTreeMap<(&'static str, String), u64>,
    truncated: u64,
    warnings: Vec<String>,
}

impl RunTally {
    pub(crate) fn new(args: &RunArgs, progress: RunProgress) -> Self {
        Self {
            component: printable(&args.component.display().to_string()),
            progress,
            recording: None,
            inlined: None,
            asked: args.repeat.get() as u64,
            succeeded: 0,
            failed: 0,
            ends: BTreeMap::new(),
            truncated: 0,
            warnings: Vec::new(),
        }
    }

    pub(crate) fn component(&self) -> &str {
        &self.component
    }

    /// Number of requested tasks.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// Number of tasks that ended, or could not start.
    pub(crate) fn ended_tasks(&self) -> u64 {
        self.succeeded + self.failed
    }

    /// Kinds of ends with their details, and the number of tasks for each.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.ends
            .iter()
            .map(|((kind, detail), count)| (*kind, detail.as_str(), *count))
    }

    pub(crate) fn truncated(&self) -> u64 {
        self.truncated
    }

    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether every task succeeded without losses, or with losses that are tolerated.
    pub(crate) fn is_good(&self, tolerate_losses: bool) -> bool {
        self.succeeded == self.asked && (tolerate_losses || self.warnings.is_empty())
    }

    /// Stores the recording mode of the program, and how it was compiled.
    pub(crate) fn loaded(&mut self, program: &Program) {
        self.recording = Some(program.recording().clone());
        self.inlined = Some(program.inspection().is_inlined());
    }

    /// Whether calls in the guest are inlined. `None` if the guest was not loaded.
    pub(crate) fn inlined(&self) -> Option<bool> {
        self.inlined
    }

    /// Recording mode of the guest. `None` if the guest was not loaded.
    pub(crate) fn recording(&self) -> Option<&ProgramRecording> {
        self.recording.as_ref()
    }

    pub(crate) fn not_loaded(&mut self, error: &LoadError) {
        self.count("not_loaded", error.to_string());
        self.print_error(&error.to_string());
    }

    pub(crate) fn ended(&mut self, result: Result<TaskReport, SpawnError>) {
        match result {
            Ok(report) => {
                self.truncated += report.output_truncated;
                self.count(kind(&report.end), report.end.to_string());
                if report.end.outcome() == TaskOutcome::Success {
                    self.succeeded += 1;
                } else {
                    self.failure(&describe(&report.end));
                }
            }
            Err(error) => {
                self.count("start_failed", error.to_string());
                let trace = match &error {
                    SpawnError::Instantiate { trap } => backtrace(trap),
                    _ => String::new(),
                };
                self.failure(&format!("{error}{trace}"));
            }
        }
    }

    /// Reports losses after all tasks have ended.
    pub(crate) fn close(&mut self, backends: &RunBackends) {
        let guests = backends.guests.total();
        if self.failed > SHOWN {
            let more = self.failed - SHOWN;
            self.print_error(&format!(
                "{}: {more} more tasks did not succeed",
                self.component
            ));
        }
        let missing = self.asked - self.ended_tasks();
        if missing > 0 && !self.ends.keys().any(|(kind, _)| *kind == "not_loaded") {
            self.print_error(&format!(
                "{}: stopped before {missing} of {} tasks started",
                self.component, self.asked
            ));
        }
        self.dropped(&guests, |dropped, accepted| {
            format!("{dropped} of {accepted} records were dropped")
        });
        for component in &backends.components {
            self.component_lost(&component.status());
        }
        if guests.clamped() > 0 {
            self.warn(format!(
                "the durations of {} of {} records were lowered to the ceiling of 365 days; check that the guest measures in milliseconds",
                guests.clamped(),
                guests.accepted()
            ));
        }
        if self.truncated > 0 {
            self.warn(format!(
                "{} bytes of output were truncated; print less, or raise --max-output",
                self.truncated
            ));
        }
    }

    fn component_lost(&mut self, status: &BackendStatus) {
        let name = &status.name;
        self.dropped(&status.ledger, |dropped, accepted| {
            format!("{name} lost {dropped} of {accepted} records")
        });
        if let Some(forwarded) = &status.forwarded {
            self.dropped(forwarded, |dropped, accepted| {
                format!("{dropped} of {accepted} records were dropped after {name}")
            });
        }
        if let Some(failure) = &status.last_failure {
            let what = match status.failures {
                1 => format!("{name} failed once: it {failure}"),
                failures => format!("{name} failed {failures} times; last failure: it {failure}"),
            };
            self.warn_showing(what, status.stderr_tail.as_deref());
        }
        if let Some(error) = &status.flush_error {
            self.warn(format!("{name}: the flush failed: {error}"));
        }
    }

    /// Reports dropped records. Sampled records are not a loss.
    fn dropped(&mut self, ledger: &LedgerSnapshot, loss: impl Fn(u64, u64) -> String) {
        for reason in DropReason::ALL {
            let dropped = ledger.dropped(reason);
            if dropped > 0 && reason != DropReason::Sampled {
                let (loss, advice) = (loss(dropped, ledger.accepted()), advice(reason));
                self.warn(format!("{loss} ({reason}); {advice}"));
            }
        }
    }

    fn count(&mut self, kind: &'static str, detail: String) {
        let mut key = (kind, detail);
        if self.ends.len() >= ENDS && !self.ends.contains_key(&key) {
            key.1 = "other details".into();
        }
        *self.ends.entry(key).or_default() += 1;
    }

    fn failure(&mut self, what: &str) {
        self.failed += 1;
        if self.failed <= SHOWN {
            self.print_error(&format!("{}: {what}", self.component));
        }
    }

    fn print_error(&self, what: &str) {
        self.progress.print_message(format_args!("error: {what}"));
    }

    fn warn(&mut self, what: String) {
        self.warn_showing(what, None);
    }

    /// Prints a warning. Lines from another program follow below the warning, each with a mark.
    fn warn_showing(&mut self, what: String, lines: Option<&str>) {
        let component = &self.component;
        let lines = lines.unwrap_or_default().lines();
        let shown: String = lines.map(|line| format!("\n  | {line}")).collect();
        self.progress
            .print_message(format_args!("warning: {component}: {what}{shown}"));
        self.warnings.push(what);
    }
}

fn kind(end: &TaskEnd) -> &'static str {
    match end {
        TaskEnd::Exited { .. } => "exited",
        TaskEnd::Trapped { .. } => "trapped",
        TaskEnd::LimitHit { .. } => "limit_hit",
        TaskEnd::ProcessLimit { .. } => "process_limit",
        TaskEnd::DeadlineExceeded { .. } => "deadline_exceeded",
        TaskEnd::Canceled => "canceled",
        _ => "ended",
    }
}

/// Describes an end, with advice and the position in the guest.
fn describe(end: &TaskEnd) -> String {
    match end {
        TaskEnd::Trapped { trap } => {
            format!("{end}; the cause is in the guest{}", backtrace(trap))
        }
        TaskEnd::LimitHit { limit, trap } => {
            format!("{end}; {}{}", limits::advice(*limit), backtrace(trap))
        }
        TaskEnd::DeadlineExceeded { .. } => {
            format!("{end}; raise --timeout if the task needs more time")
        }
        TaskEnd::Exited { .. } => format!("{end}; see the output of the guest"),
        _ => end.to_string(),
    }
}

fn backtrace(trap: &GuestTrap) -> String {
    trap.backtrace
        .lines()
        .map(|line| format!("\n  {line}"))
        .collect()
}

fn advice(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Quota => "make fewer records, or raise --quota",
        DropReason::BackendPanicked => "the backend panicked; report this",
        DropReason::QueueFull => {
            "the backend is too slow; raise --backend-queue-capacity if the delay is temporary"
        }
        DropReason::ShutDown => "the backend did not drain in time; raise --drain-timeout",
        DropReason::BackendTimedOut => "raise --backend-timeout if the backend needs more time",
        DropReason::BackendLimit => {
            "for the limit on memory, raise --backend-max-memory; for other limits, see --help"
        }
        DropReason::CircuitOpen | DropReason::BackendTrapped => "a later warning has the cause",
        DropReason::BackendFailed => {
            "the backend could not store these records; --grant output shows its output"
        }
        _ => "use the labels of solti:metrics@0.1.0",
    }
}
