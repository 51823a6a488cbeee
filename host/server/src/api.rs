//! What programs read: tasks and backends, as JSON.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;
use solti_metrics_host::provider::BackendState;

use crate::config::Schedule;
use crate::engine::Ended;

use crate::ledger_row::LedgerRow;
use crate::ledgers::Counts;
use crate::live::Live;
use crate::member::{Member, Receiver};
use crate::retired::RETIRED;
use crate::task_counts::TaskCounts;
use crate::tasks::{TaskView, TaskViews};
use crate::time::milliseconds;

/// The answer of `/api/tasks`.
#[derive(Serialize)]
pub(super) struct TasksAnswer {
    schema: &'static str,
    runner: RunnerRow,
    tasks: Vec<TaskRow>,
    /// Those that a reload has removed.
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
    reloads: Reloads,
    concurrency: usize,
    running: u64,
}

#[derive(Serialize)]
struct Reloads {
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
    path: Option<&'static str>,
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
    backends: Vec<BackendRow>,
    /// Those that a reload has removed.
    retired: Vec<RetiredBackendRow>,
    ledgers: BTreeMap<&'static str, LedgerRow>,
}

#[derive(Serialize)]
struct RetiredBackendRow {
    name: String,
    /// Whether it still hands on what it has.
    draining: bool,
    ledger: LedgerRow,
}

#[derive(Serialize)]
struct BackendRow {
    name: String,
    kind: &'static str,
    target: String,
    state: &'static str,
    queued: usize,
    queue: Option<usize>,
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
                started_at: rfc3339(live.began_at),
                uptime_seconds: live.began.elapsed().as_secs_f64(),
                ready: live.why_not_ready().is_none(),
                draining: live.is_draining(),
                config: live.file.clone(),
                reloads: Reloads {
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
            runs: Ended::ALL
                .map(|ended| (ended.as_label(), counts.runs[ended as usize]))
                .into(),
            rejected: counts.rejected,
            ledger: counts.ledger.into(),
            name: counts.name,
        }
    }
}

impl From<TaskView> for TaskRow {
    fn from(view: TaskView) -> Self {
        let (wanted, runs) = (&view.wanted, &view.runs);
        Self {
            component: wanted.component.display().to_string(),
            schedule: match wanted.schedule {
                Schedule::Once => "once",
                Schedule::Interval => "interval",
                Schedule::Restart => "restart",
            },
            interval_ms: wanted.every().map(milliseconds),
            state: match view.program {
                Some(_) => runs.state().as_label(),
                None => "not_loaded",
            },
            path: view.program.as_ref().map(|it| it.recording().as_label()),
            concurrency: wanted.concurrency().get(),
            admission: wanted.admission().as_label(),
            running: runs.running,
            waiting: runs.waiting,
            rejected: runs.rejected,
            runs: Ended::ALL
                .map(|ended| (ended.as_label(), runs.runs[ended as usize]))
                .into(),
            last: runs.last.as_ref().map(|last| LastRow {
                outcome: last.ended.as_label(),
                detail: last.detail.clone(),
                ended_at: rfc3339(last.at),
                duration_ms: milliseconds(last.duration),
            }),
            recent: runs
                .recent
                .iter()
                .map(|(ended, duration)| RecentRow {
                    outcome: ended.as_label(),
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
        let (members, all) = (live.receivers.members(), live.receivers.ledgers());
        let retired = all.without(&members).into_iter();
        let retired = retired.filter(|(name, _, counts)| {
            // Hardly anybody ever forgets a name.
            name != RETIRED || counts.ledger.accepted() > 0
        });
        let ledgers = [
            ("guests", live.guests.total()),
            ("runner", live.own.total()),
        ];
        Self {
            schema: "solti-metrics/backends@1",
            backends: members
                .iter()
                .map(|member| row(member, all.of(&member.name)))
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

/// What is counted is that of all who have had its name.
fn row(member: &Member, counts: Counts) -> BackendRow {
    let name = member.name.to_string();
    match &member.receiver {
        Receiver::Component(component, wanted, _) => {
            let status = component.status();
            let exposes = status.optional_interfaces.exposition;
            BackendRow {
                exposition: exposes.then(|| format!("/backends/{name}/metrics")),
                name,
                kind: if component.middleware {
                    "middleware"
                } else {
                    "component"
                },
                target: wanted.part.file.display().to_string(),
                state: status.state.as_label(),
                queued: status.queue_length,
                queue: Some(status.queue_capacity),
                failures: counts.failures,
                restarts: counts.restarts,
                replacements: counts.replacements,
                last_failure: status.last_failure.map(|it| it.to_string()),
                stderr_tail: status.stderr_tail,
                memory_bytes: Some(status.memory_bytes),
                ledger: counts.ledger.into(),
            }
        }
        Receiver::Exporter(exporter, _) => {
            let status = exporter.status();
            BackendRow {
                name,
                kind: exporter.kind(),
                target: exporter.target().into(),
                state: BackendState::Running.as_label(),
                queued: status.queued,
                queue: status.queue_capacity,
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

/// A clock that was set to before 1970 shows that.
fn rfc3339(at: SystemTime) -> String {
    let at = at.max(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_millis(at).to_string()
}
