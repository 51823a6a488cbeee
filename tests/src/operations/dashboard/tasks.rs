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
        lines("Runs by outcome", "How runs of the chosen tasks ended: choose one task to see it alone.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows(
                "{{outcome}}",
                format!("sum by (outcome) (rate(solti_metrics_task_runs_total{{{TASK}}}[$__rate_interval]))"),
            )
            .coloured(colours::outcomes()),
        lines("Unsuccessful runs", "Share by task, of the runs that nobody canceled: read last.detail in /api/tasks.")
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
        lines("Running and waiting", "Runs at this moment: if some wait for long, raise concurrency or make them faster.")
            .axis(0.0, None)
            .shows("running {{task}}", format!("sum by (task) (solti_metrics_task_running{{{TASK}}})"))
            .shows("waiting {{task}}", format!("sum by (task) (solti_metrics_task_waiting{{{TASK}}})")),
        lines("Rejected runs", "Runs that were due and turned away or superseded: they take longer than the time between them.")
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
        lines("CPU", "Processors in use by each task: 1 is one of them all the time. If they are all in use, others wait.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_cpu_seconds_total")),
        lines("Peak memory", "The most that any run of a task had: set max_memory with room above it.")
            .of_size(8, 8)
            .unit("bytes")
            .axis(0.0, None)
            .shows("{{task}}", format!("max by (task) (solti_metrics_task_peak_memory_bytes{{{TASK}}})")),
        lines("Host calls", "Calls from guests into the host: a task with very many spends its time there.")
            .of_size(8, 8)
            .unit("ops")
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_host_calls_total")),
        lines("Fuel", "Instructions as wasmtime counts them, where fuel is on: what grows without more runs has more to do.")
            .of_size(8, 8)
            .axis(0.0, None)
            .shows("{{task}}", rate("solti_metrics_task_fuel_total")),
        lines("Records made", "What each task records: one that floods comes near its quota.")
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
    lines("Records lost by task", "What a task recorded and no backend got, by reason: the page on operations says what each needs.")
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
        states("Loaded", "Whether what is configured is what runs, by task: where it is not, read error in /api/tasks.")
            .words([(0, "not loaded", "red"), (1, "loaded", "green")])
            .shows("{{task}}", format!("min by (task) (solti_metrics_task_loaded{{{TASK}}})")),
        table("Record paths", "How the records of each task travel: direct where inline is configured means that its component could not be composed.")
            .lists(format!("count by (task, path) (solti_metrics_task_record_path{{{TASK}}} == 1)")),
    ]
}
