//! Metrics of each task.

use std::fmt;

use solti_metrics_host::DropReason;

use super::family::Family;
use crate::engine::{Ended, Snapshot};
use crate::live::Live;
use crate::task_counts::TaskCounts;
use crate::tasks::{TaskView, TaskViews};

/// The label `path`.
const PATHS: [&str; 3] = ["inline", "direct", "none"];

/// Each task, under its name. What is counted stays when a reload has removed it.
pub(super) fn encode(live: &Live, family: &mut Family<'_, '_>) -> fmt::Result {
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
        "Runs that ended, or could not begin.",
        counted.iter().flat_map(|task| {
            Ended::ALL.map(|ended| {
                let labels = [("task", &*task.name), ("outcome", ended.as_label())];
                (labels, task.runs[ended as usize])
            })
        }),
    )?;
    family.counter(
        "solti_metrics_task_rejected",
        "Runs that were due, and were turned away or superseded.",
        counts(|task| task.rejected),
    )?;
    family.gauge(
        "solti_metrics_task_running",
        "Runs that go on.",
        runs(|runs| runs.running),
    )?;
    family.gauge(
        "solti_metrics_task_waiting",
        "Runs that are due, and wait for a place.",
        runs(|runs| runs.waiting),
    )?;
    family.counter(
        "solti_metrics_task_cpu_seconds",
        "Processor time spent on the guest.",
        counted
            .iter()
            .map(|task| ([("task", &*task.name)], task.cpu_time.as_secs_f64())),
    )?;
    family.counter(
        "solti_metrics_task_host_calls",
        "Calls of the host by the guest.",
        counts(|task| task.host_calls),
    )?;
    family.counter(
        "solti_metrics_task_fuel",
        "What the guest has executed, as wasmtime counts it, where that is on.",
        counted
            .iter()
            .filter_map(|task| Some(([("task", &*task.name)], task.fuel?))),
    )?;
    family.gauge(
        "solti_metrics_task_peak_memory_bytes",
        "Maximum memory of any run at a time: linear memories, tables and the data of its instances.",
        used(|task| task.usage.peak_memory()),
    )?;
    family.counter(
        "solti_metrics_task_records_accepted",
        "Records that the guest made.",
        counts(|task| task.ledger.accepted()),
    )?;
    family.counter(
        "solti_metrics_task_records_delivered",
        "Records of the guest that went on to the backends.",
        counts(|task| task.ledger.delivered()),
    )?;
    family.counter(
        "solti_metrics_task_records_dropped",
        "Records of the guest that did not go on, by reason.",
        counted.iter().flat_map(|task| {
            DropReason::ALL.map(|reason| {
                let labels = [("task", &*task.name), ("reason", reason.as_label())];
                (labels, task.ledger.dropped(reason))
            })
        }),
    )?;
    family.gauge(
        "solti_metrics_task_recording_mode",
        "How the guest's records travel: 1 for the way that they take.",
        tasks.iter().flat_map(|task| {
            let path = task.program.as_ref().map(|it| it.recording().as_label());
            PATHS.map(|one| {
                (
                    [("task", &*task.name), ("path", one)],
                    u64::from(path == Some(one)),
                )
            })
        }),
    )?;
    family.gauge(
        "solti_metrics_task_loaded",
        "1 if what runs is what is configured, 0 if that could not be loaded.",
        used(|task| u64::from(task.error.is_none())),
    )
}
