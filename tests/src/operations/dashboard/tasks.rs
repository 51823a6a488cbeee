//! The configured tasks, each separately.

use solti_metrics::TaskOutcome;
use solti_metrics_host::DropReason;

use super::grid::Row;
use super::panel::{Panel, lines, states, table};
use super::{TASK, colours};
use crate::operations::unsuccessful;

pub(super) fn row() -> Row {
    let mut panels = runs();
    panels.extend(cost());
    panels.extend(standing());
    Row {
        title: "Tasks",
        panels,
    }
}

fn runs() -> Vec<Panel> {
    let canceled = TaskOutcome::Canceled.as_label();
    vec![
        lines("Runs by outcome", "Runs of the selected tasks by outcome. Select one task to see only its runs.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows(
                "{{outcome}}",
                format!("sum by (outcome) (rate(solti_metrics_task_runs_total{{{TASK}}}[$__rate_interval]))"),
            )
            .coloured(colours::outcomes()),
        lines("Unsuccessful runs", "Share of runs that did not succeed, without canceled runs, by task. Read last.detail in /api/tasks.")
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .limit(0.1)
            .shows(
                "{{task}}",
                format!(
                    "sum by (task) (rate(solti_metrics_task_runs_total{{{TASK},outcome=~\"{}\"}}[$__rate_interval]))\n/\n\
                     sum by (task) (rate(solti_metrics_task_runs_total{{{TASK},outcome!=\"{canceled}\"}}[$__rate_interval]))",
                    unsuccessful()
                ),
            ),
        lines("Running and waiting", "Runs that are executing and runs that wait, by task. If runs wait for long, raise concurrency or make the runs faster.")
            .axis(0.0, None)
            .shows("running {{task}}", format!("sum by (task) (solti_metrics_task_running{{{TASK}}})"))
            .shows("waiting {{task}}", format!("sum by (task) (solti_metrics_task_waiting{{{TASK}}})")),
        lines("Rejected runs", "Due runs that were rejected or superseded, by task. The runs take longer than the interval of the task.")
            .unit("ops")
            .axis(0.0, None)
            .shows(
                "{{task}}",
                format!("sum by (task) (rate(solti_metrics_task_rejected_total{{{TASK}}}[$__rate_interval]))"),
            ),
    ]
}

fn cost() -> Vec<Panel> {
    let rate = |metric: &str| format!("sum by (task) (rate({metric}{{{TASK}}}[$__rate_interval]))");
    vec![
        lines("CPU", "Processors in use by each task; 1 is one processor all the time. If all are in use, other tasks wait.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_cpu_seconds_total")),
        lines("Peak memory", "Peak memory of any run of each task. Set max_memory above it.")
            .of_size(8, 8)
            .unit("bytes")
            .axis(0.0, None)
            .shows("{{task}}", format!("max by (task) (solti_metrics_task_peak_memory_bytes{{{TASK}}})")),
        lines("Host calls", "Calls of host functions by guests, by task. A task with very many calls spends its time there.")
            .of_size(8, 8)
            .unit("ops")
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_host_calls_total")),
        lines("Fuel", "Fuel used by each task, if runner.fuel is set. Growth without more runs means more work for each run.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_fuel_total")),
        lines("Records made", "Records made by the guests of each task. A task that makes too many reaches its quota.")
            .of_size(8, 8)
            .unit("ops")
            .axis(0.0, None)
            .shows("accepted {{task}}", rate("solti_metrics_task_records_accepted_total"))
            .shows("delivered {{task}}", rate("solti_metrics_task_records_delivered_total")),
        lost(),
    ]
}

fn lost() -> Panel {
    let sampled = DropReason::Sampled.as_label();
    lines("Records lost by task", "Records of each task that were dropped, by reason. docs/operate/alerts.md has the fix for each reason.")
        .of_size(8, 8)
        .unit("ops")
        .axis(0.0, None)
        .shows(
            "{{task}} {{reason}}",
            format!(
                "sum by (task, reason) (rate(solti_metrics_task_records_dropped_total{{{TASK},reason!=\"{sampled}\"}}[$__rate_interval])) > 0"
            ),
        )
}

fn standing() -> Vec<Panel> {
    vec![
        states("Loaded", "Whether each task runs its configured component. If not, read error in /api/tasks.")
            .words([(0, "not loaded", "red"), (1, "loaded", "green")])
            .shows("{{task}}", format!("min by (task) (solti_metrics_task_loaded{{{TASK}}})")),
        table("Recording modes", "Recording mode of each task. If inline is configured, direct means that the component could not be composed with the shim.")
            .lists(format!("count by (task, mode) (solti_metrics_task_recording_mode{{{TASK}}} == 1)")),
    ]
}
