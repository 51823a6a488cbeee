//! The overall state, at a glance.

use solti_metrics::TaskOutcome;
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::BackendState;

use super::grid::Row;
use super::panel::{Panel, lines, number};
use super::{TARGET, TASK, colours};

pub(super) fn row() -> Row {
    let mut panels = numbers();
    panels.extend(rates());
    Row {
        title: "Overview",
        panels,
    }
}

fn numbers() -> Vec<Panel> {
    let success = TaskOutcome::Success.as_label();
    let canceled = TaskOutcome::Canceled.as_label();
    let sampled = DropReason::Sampled.as_label();
    let running = BackendState::Running.as_label();
    vec![
        number("Runners down", "Runners that Prometheus cannot scrape. Check the process and the end of its log.")
            .thresholds("green", &[(1.0, "red")])
            .shows("down", format!("sum(1 - up{{{TARGET}}})")),
        number("Tasks running", "Runs that are executing. At the configured concurrency, further runs wait.")
            .thresholds("blue", &[])
            .shows("running", format!("sum(solti_metrics_task_running{{{TASK}}})")),
        number("Success", "Share of tasks that succeeded in the selected time, without canceled tasks. Below 100 %, check the outcomes.")
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .thresholds("red", &[(0.9, "orange"), (0.99, "green")])
            .shows_now(
                "success",
                format!(
                    "sum(increase(solti_runner_tasks_completed_total{{{TARGET},outcome=\"{success}\"}}[$__range]))\n/\n\
                     sum(increase(solti_runner_tasks_completed_total{{{TARGET},outcome!=\"{canceled}\"}}[$__range]))"
                ),
            ),
        number("Records lost", "Records that were dropped in the selected time, without sampled ones. The reasons are further down.")
            .thresholds("green", &[(0.5, "orange")])
            .shows_now(
                "lost",
                format!("sum(increase(solti_metrics_records_dropped_total{{{TARGET},reason!=\"{sampled}\"}}[$__range]))"),
            ),
        number("Backends not running", "Backends in another state than running. The state panel further down shows which, and since when.")
            .thresholds("green", &[(1.0, "red")])
            .shows("not running", format!("sum(1 - solti_metrics_backend_state{{{TARGET},state=\"{running}\"}})")),
        number("Tasks not loaded", "Tasks whose configured component could not be loaded. Read error in /api/tasks.")
            .thresholds("green", &[(1.0, "red")])
            .shows("not loaded", format!("sum(1 - solti_metrics_task_loaded{{{TASK}}})")),
    ]
}

fn rates() -> Vec<Panel> {
    let success = TaskOutcome::Success.as_label();
    let canceled = TaskOutcome::Canceled.as_label();
    vec![
        lines("Tasks started and completed", "Tasks started and completed, by runner type. If more tasks start than complete for a long time, tasks hang.")
            .unit("ops")
            .axis(0.0, None)
            .shows(
                "started {{runner}}",
                format!("sum by (runner) (rate(solti_runner_tasks_started_total{{{TARGET}}}[$__rate_interval]))"),
            )
            .shows(
                "completed {{runner}}",
                format!("sum by (runner) (rate(solti_runner_tasks_completed_total{{{TARGET}}}[$__rate_interval]))"),
            )
            .coloured(colours::runners(|runner| format!("completed {runner}"))),
        lines("Tasks completed by outcome", "Completed tasks by outcome. If red or orange grows, check the task panels below.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows(
                "{{outcome}}",
                format!("sum by (outcome) (rate(solti_runner_tasks_completed_total{{{TARGET}}}[$__rate_interval]))"),
            )
            .coloured(colours::outcomes()),
        lines("Success ratio", "Share of tasks that succeeded, without canceled tasks, by runner type. A gap means that no task ended.")
            .unit("percentunit")
            .axis(0.0, Some(1.0))
            .shows(
                "{{runner}}",
                format!(
                    "sum by (runner) (rate(solti_runner_tasks_completed_total{{{TARGET},outcome=\"{success}\"}}[$__rate_interval]))\n/\n\
                     sum by (runner) (rate(solti_runner_tasks_completed_total{{{TARGET},outcome!=\"{canceled}\"}}[$__rate_interval]))"
                ),
            )
            .coloured(colours::runners(str::to_owned)),
        lines("Runner errors", "Tasks that could not start, by the failed step. Fix the component, its limits or its grants.")
            .unit("ops")
            .axis(0.0, None)
            .stacked()
            .shows(
                "{{error}}",
                format!("sum by (error) (rate(solti_runner_errors_total{{{TARGET}}}[$__rate_interval]))"),
            )
            .coloured(colours::errors()),
    ]
}
