//! Metrics of each task.

use std::fmt;

use solti_metrics_host::DropReason;

use super::family::FamilyEncoder;
use crate::engine::{RunOutcome, Snapshot};
use crate::live::Live;
use crate::running_tasks::{TaskView, TaskViews};
use crate::task_counts::TaskCounts;

/// Values of the label `mode`.
const MODES: [&str; 3] = ["inline", "direct", "none"];

/// Encodes the metrics of each task. The counters of a task remain after a reload removes
/// the task.
pub(super) fn encode(live: &Live, family: &mut FamilyEncoder<'_, '_>) -> fmt::Result {
    let TaskViews { tasks, retired } = live.tasks.views();
    let mut counted: Vec<_> = tasks.iter().map(TaskView::counts).collect();
    counted.extend(retired);
    let counts = |of: fn(&TaskCounts) -> u64| {
        let samples = counted
            .iter()
            .map(move |task| ([("task", &*task.name)], of(task)));
        samples.collect::<Vec<_>>()
    };
    let runs = |of: fn(&Snapshot) -> u64| {
        let samples = tasks
            .iter()
            .map(move |task| ([("task", &*task.name)], of(&task.runs)));
        samples.collect::<Vec<_>>()
    };
    let used = |of: fn(&TaskView) -> u64| {
        let samples = tasks
            .iter()
            .map(move |task| ([("task", &*task.name)], of(task)));
        samples.collect::<Vec<_>>()
    };
    family.counter(
        "solti_metrics_task_runs",
        "Runs of the task that ended, by outcome. Runs that could not start have the outcome start_failed.",
        counted.iter().flat_map(|task| {
            RunOutcome::ALL.map(|outcome| {
                let labels = [("task", &*task.name), ("outcome", outcome.as_label())];
                (labels, task.runs[outcome as usize])
            })
        }),
    )?;
    family.counter(
        "solti_metrics_task_rejected",
        "Due runs of the task that were rejected or superseded by the admission policy.",
        counts(|task| task.rejected),
    )?;
    family.gauge(
        "solti_metrics_task_running",
        "Runs of the task that are executing.",
        runs(|runs| runs.running),
    )?;
    family.gauge(
        "solti_metrics_task_waiting",
        "Due runs of the task that wait for a slot.",
        runs(|runs| runs.waiting),
    )?;
    family.counter(
        "solti_metrics_task_cpu_seconds",
        "Processor time spent on runs of the task, in seconds.",
        counted
            .iter()
            .map(|task| ([("task", &*task.name)], task.cpu_time.as_secs_f64())),
    )?;
    family.counter(
        "solti_metrics_task_host_calls",
        "Calls of host functions by runs of the task.",
        counts(|task| task.host_calls),
    )?;
    family.counter(
        "solti_metrics_task_fuel",
        "Fuel consumed by runs of the task, as wasmtime counts it. Only with runner.fuel.",
        counted
            .iter()
            .filter_map(|task| Some(([("task", &*task.name)], task.fuel?))),
    )?;
    family.gauge(
        "solti_metrics_task_peak_memory_bytes",
        "Peak memory of any single run of the task, in bytes: linear memories, tables and instance data.",
        used(|task| task.usage.peak_memory()),
    )?;
    family.counter(
        "solti_metrics_task_records_accepted",
        "Records that runs of the task made, dropped ones included.",
        counts(|task| task.ledger.accepted()),
    )?;
    family.counter(
        "solti_metrics_task_records_delivered",
        "Records that runs of the task made and the host passed to the backends.",
        counts(|task| task.ledger.delivered()),
    )?;
    family.counter(
        "solti_metrics_task_records_dropped",
        "Records that runs of the task made and the host dropped, by reason.",
        counted.iter().flat_map(|task| {
            DropReason::ALL.map(|reason| {
                let labels = [("task", &*task.name), ("reason", reason.as_label())];
                (labels, task.ledger.dropped(reason))
            })
        }),
    )?;
    family.gauge(
        "solti_metrics_task_recording_mode",
        "Recording mode of the task: 1 for the current mode, 0 for the others.",
        tasks.iter().flat_map(|task| {
            let current = task.program.as_ref().map(|it| it.recording().as_label());
            MODES.map(|mode| {
                (
                    [("task", &*task.name), ("mode", mode)],
                    u64::from(current == Some(mode)),
                )
            })
        }),
    )?;
    family.gauge(
        "solti_metrics_task_loaded",
        "Whether the task runs its configured component (1) or the component could not be loaded (0).",
        used(|task| u64::from(task.error.is_none())),
    )
}
