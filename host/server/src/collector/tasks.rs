//! Metrics of each task.

use solti_metrics_host::DropReason;

use super::family::FamilyWriter;
use crate::engine::RunOutcome;
use crate::live::Live;
use crate::task_counts::TaskCounts;
use crate::task_samples::{TaskSample, TaskSamples};

/// Values of the label `mode`.
const MODES: [&str; 3] = ["inline", "direct", "none"];

/// Writes the metrics of each task. The counters of a task remain after a reload removes
/// the task.
pub(super) fn write(live: &Live, families: &mut FamilyWriter) {
    let TaskSamples { tasks, retired } = live.tasks.samples();
    let counted = || tasks.iter().map(|task| &task.counts).chain(&retired);
    let counts = |of: fn(&TaskCounts) -> u64| counted().map(move |it| ([&*it.name], of(it)));
    let current = |of: fn(&TaskSample) -> u64| {
        let tasks = tasks.iter();
        tasks.map(move |task| ([&*task.counts.name], of(task)))
    };
    families.counter(
        "solti_metrics_task_runs",
        "Runs of the task that ended, by outcome. Runs that could not start have the outcome start_failed.",
        ["task", "outcome"],
        counted().flat_map(|task| {
            RunOutcome::ALL.map(|outcome| {
                let labels = [&*task.name, outcome.as_label()];
                (labels, task.runs[outcome as usize])
            })
        }),
    );
    families.counter(
        "solti_metrics_task_rejected",
        "Due runs of the task that were rejected or superseded by the admission policy.",
        ["task"],
        counts(|task| task.rejected),
    );
    families.gauge(
        "solti_metrics_task_running",
        "Runs of the task that are executing.",
        ["task"],
        current(|task| task.running),
    );
    families.gauge(
        "solti_metrics_task_waiting",
        "Due runs of the task that wait for a slot.",
        ["task"],
        current(|task| task.waiting),
    );
    families.counter(
        "solti_metrics_task_cpu_seconds",
        "Processor time spent on runs of the task, in seconds.",
        ["task"],
        counted().map(|task| ([&*task.name], task.cpu_time.as_secs_f64())),
    );
    families.counter(
        "solti_metrics_task_host_calls",
        "Calls of host functions by runs of the task.",
        ["task"],
        counts(|task| task.host_calls),
    );
    families.counter(
        "solti_metrics_task_fuel",
        "Fuel consumed by runs of the task, as wasmtime counts it. Only with runner.fuel.",
        ["task"],
        counted().filter_map(|task| Some(([&*task.name], task.fuel?))),
    );
    families.gauge(
        "solti_metrics_task_peak_memory_bytes",
        "Peak memory of any single run of the task, in bytes: linear memories, tables and instance data.",
        ["task"],
        current(|task| task.peak_memory),
    );
    families.counter(
        "solti_metrics_task_records_accepted",
        "Records that runs of the task made, dropped ones included.",
        ["task"],
        counts(|task| task.ledger.accepted()),
    );
    families.counter(
        "solti_metrics_task_records_delivered",
        "Records that runs of the task made and the host passed to the backends.",
        ["task"],
        counts(|task| task.ledger.delivered()),
    );
    families.counter(
        "solti_metrics_task_records_dropped",
        "Records that runs of the task made and the host dropped, by reason.",
        ["task", "reason"],
        counted().flat_map(|task| {
            DropReason::ALL.map(|reason| {
                let labels = [&*task.name, reason.as_label()];
                (labels, task.ledger.dropped(reason))
            })
        }),
    );
    families.gauge(
        "solti_metrics_task_recording_mode",
        "Recording mode of the task: 1 for the current mode, 0 for the others.",
        ["task", "mode"],
        tasks.iter().flat_map(|task| {
            MODES.map(|mode| {
                let is_current = task.recording_mode == Some(mode);
                ([&*task.counts.name, mode], u64::from(is_current))
            })
        }),
    );
    families.gauge(
        "solti_metrics_task_loaded",
        "Whether the task runs its configured component (1) or the component could not be loaded (0).",
        ["task"],
        current(|task| u64::from(task.is_loaded)),
    );
}
