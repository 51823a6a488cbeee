//! The JSON answers of `/api/tasks` and `/api/backends`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;
use solti_metrics_host::provider::BackendState;

use crate::config::ScheduleConfig;
use crate::engine::RunOutcome;

use crate::backend_ledgers::BackendTotals;
use crate::ledger_row::LedgerRow;
use crate::live::Live;
use crate::retired::RETIRED;
use crate::running_backend::{BackendKind, RunningBackend};
use crate::task_counts::TaskCounts;
use crate::task_views::{TaskView, TaskViews};
use crate::time::milliseconds;

/// The answer of `/api/tasks`.
#[derive(Serialize)]
pub(super) struct TasksAnswer {
    schema: &'static str,
    runner: RunnerRow,
    tasks: Vec<TaskRow>,
    /// Tasks that a reload removed.
    retired: Vec<RetiredTaskRow>,
}

#[derive(Serialize)]
struct RetiredTaskRow {
    name: String,
    runs: BTreeMap<&'static str, u64>,
    rejected: u64,
    ledger: LedgerRow,
}

#[derive(Serialize)]
struct RunnerRow {
    version: &'static str,
    started_at: String,
    uptime_seconds: f64,
    ready: bool,
    draining: bool,
    config: String,
    reloads: ReloadsRow,
    concurrency: usize,
    running: u64,
}

#[derive(Serialize)]
struct ReloadsRow {
    applied: u64,
    failed: u64,
    last_error: Option<String>,
}

#[derive(Serialize)]
struct TaskRow {
    name: String,
    component: String,
    schedule: &'static str,
    interval_ms: Option<f64>,
    state: &'static str,
    error: Option<String>,
    recording_mode: Option<&'static str>,
    /// Whether calls in the component are inlined.
    inlined: Option<bool>,
    concurrency: usize,
    admission: &'static str,
    running: u64,
    waiting: u64,
    rejected: u64,
    runs: BTreeMap<&'static str, u64>,
    last: Option<LastRow>,
    recent: Vec<RecentRow>,
    cpu_seconds: f64,
    peak_memory_bytes: u64,
    host_calls: u64,
    fuel: Option<u64>,
    ledger: LedgerRow,
}

#[derive(Serialize)]
struct LastRow {
    outcome: &'static str,
    detail: String,
    ended_at: String,
    duration_ms: f64,
}

#[derive(Serialize)]
struct RecentRow {
    outcome: &'static str,
    duration_ms: f64,
}

/// The answer of `/api/backends`.
#[derive(Serialize)]
pub(super) struct BackendsAnswer {
    schema: &'static str,
    backends: Vec<ServedBackendRow>,
    /// Backends that a reload removed.
    retired: Vec<RetiredBackendRow>,
    ledgers: BTreeMap<&'static str, LedgerRow>,
}

#[derive(Serialize)]
struct RetiredBackendRow {
    name: String,
    /// Whether the backend still drains its queue.
    draining: bool,
    ledger: LedgerRow,
}

#[derive(Serialize)]
struct ServedBackendRow {
    name: String,
    kind: &'static str,
    target: String,
    state: &'static str,
    queue_length: usize,
    queue_capacity: Option<usize>,
    failures: u64,
    restarts: u64,
    replacements: u64,
    last_failure: Option<String>,
    stderr_tail: Option<String>,
    memory_bytes: Option<u64>,
    exposition: Option<String>,
    ledger: LedgerRow,
}

impl TasksAnswer {
    pub(super) fn new(live: &Live) -> Self {
        let TaskViews {
            tasks: views,
            retired,
        } = live.tasks.views();
        let reloads = live.reloads();
        Self {
            schema: "solti-metrics/tasks@1",
            runner: RunnerRow {
                version: env!("CARGO_PKG_VERSION"),
                started_at: rfc3339(live.started_at),
                uptime_seconds: live.start.elapsed().as_secs_f64(),
                ready: live.why_not_ready().is_none(),
                draining: live.is_draining(),
                config: live.file.clone(),
                reloads: ReloadsRow {
                    applied: reloads.applied,
                    failed: reloads.failed,
                    last_error: reloads.last_error,
                },
                concurrency: live.concurrency,
                running: views.iter().map(|view| view.runs.running).sum(),
            },
            tasks: views.into_iter().map(Into::into).collect(),
            retired: retired.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<TaskCounts> for RetiredTaskRow {
    fn from(counts: TaskCounts) -> Self {
        Self {
            runs: RunOutcome::ALL
                .map(|outcome| (outcome.as_label(), counts.runs[outcome as usize]))
                .into(),
            rejected: counts.rejected,
            ledger: counts.ledger.into(),
            name: counts.name.as_ref().into(),
        }
    }
}

impl From<TaskView> for TaskRow {
    fn from(view: TaskView) -> Self {
        let (wanted, runs) = (&view.wanted, &view.runs);
        Self {
            component: wanted.component.display().to_string(),
            schedule: match wanted.schedule {
                ScheduleConfig::Once => "once",
                ScheduleConfig::Interval => "interval",
                ScheduleConfig::Restart => "restart",
            },
            interval_ms: wanted.interval().map(milliseconds),
            state: match view.program {
                Some(_) => runs.state().as_label(),
                None => "not_loaded",
            },
            recording_mode: view.program.as_ref().map(|it| it.recording().as_label()),
            inlined: view.program.as_ref().map(|it| it.inspection().is_inlined()),
            concurrency: wanted.concurrency().get(),
            admission: wanted.admission().as_label(),
            running: runs.running,
            waiting: runs.waiting,
            rejected: runs.rejected,
            runs: RunOutcome::ALL
                .map(|outcome| (outcome.as_label(), runs.runs[outcome as usize]))
                .into(),
            last: runs.last.as_ref().map(|last| LastRow {
                outcome: last.outcome.as_label(),
                detail: last.detail.clone(),
                ended_at: rfc3339(last.at),
                duration_ms: milliseconds(last.duration),
            }),
            recent: runs
                .recent
                .iter()
                .map(|(outcome, duration)| RecentRow {
                    outcome: outcome.as_label(),
                    duration_ms: milliseconds(*duration),
                })
                .collect(),
            cpu_seconds: view.usage.cpu_time().as_secs_f64(),
            peak_memory_bytes: view.usage.peak_memory(),
            host_calls: view.usage.host_calls(),
            fuel: view.usage.fuel(),
            ledger: view.ledger.into(),
            error: view.error,
            name: view.name,
        }
    }
}

impl BackendsAnswer {
    pub(super) fn new(live: &Live) -> Self {
        let (running, all) = (live.backends.running(), live.backends.ledgers());
        let retired = all.without(&running).into_iter();
        let retired = retired.filter(|(name, _, counts)| {
            // The row of forgotten names is shown only if it has records.
            name != RETIRED || counts.ledger.accepted() > 0
        });
        let ledgers = [
            ("guests", live.guests.total()),
            ("runner", live.own.total()),
        ];
        Self {
            schema: "solti-metrics/backends@1",
            backends: running
                .iter()
                .map(|backend| row(backend, all.of(&backend.name)))
                .collect(),
            retired: retired
                .map(|(name, draining, counts)| RetiredBackendRow {
                    name,
                    draining,
                    ledger: counts.ledger.into(),
                })
                .collect(),
            ledgers: ledgers.map(|(whose, ledger)| (whose, ledger.into())).into(),
        }
    }
}

/// The counts include all earlier backends of the same name.
fn row(backend: &RunningBackend, counts: BackendTotals) -> ServedBackendRow {
    let name = backend.name.to_string();
    match &backend.kind {
        BackendKind::Component(component, wanted, _) => {
            let status = component.status();
            let exposes = status.optional_interfaces.exposition;
            ServedBackendRow {
                exposition: exposes.then(|| format!("/backends/{name}/metrics")),
                name,
                kind: if component.middleware {
                    "middleware"
                } else {
                    "component"
                },
                target: wanted.source.file.display().to_string(),
                state: status.state.as_label(),
                queue_length: status.queue_length,
                queue_capacity: Some(status.queue_capacity),
                failures: counts.failures,
                restarts: counts.restarts,
                replacements: counts.replacements,
                last_failure: status.last_failure.map(|it| it.to_string()),
                stderr_tail: status.stderr_tail,
                memory_bytes: Some(status.memory_bytes),
                ledger: counts.ledger.into(),
            }
        }
        BackendKind::Exporter(exporter, _) => {
            let status = exporter.status();
            ServedBackendRow {
                name,
                kind: exporter.kind(),
                target: exporter.target().into(),
                state: BackendState::Running.as_label(),
                queue_length: status.queued,
                queue_capacity: status.queue_capacity,
                failures: counts.failures,
                restarts: counts.restarts,
                replacements: counts.replacements,
                last_failure: status.last_error,
                stderr_tail: None,
                memory_bytes: None,
                exposition: None,
                ledger: counts.ledger.into(),
            }
        }
    }
}

/// A time before 1970 is shown as 1970.
fn rfc3339(at: SystemTime) -> String {
    let at = at.max(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_millis(at).to_string()
}
