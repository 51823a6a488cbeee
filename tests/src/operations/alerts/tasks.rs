//! Metrics of the configured tasks.

use super::alert::{Alert, Severity};
use super::case::case;
use super::recording::{TIMEOUTS, UNSUCCESSFUL};
use crate::operations::unsuccessful;

pub(super) fn alerts() -> Vec<Alert> {
    vec![
        failing(),
        all_failed(),
        timeouts(),
        not_loaded(),
        overdue(),
        rejected(),
    ]
}

const RUNS: &str = "solti_metrics_task_runs_total";
const LOADED: &str = "solti_metrics_task_loaded";
const REJECTED: &str = "solti_metrics_task_rejected_total";

const TASK: &str = "task=digest";
const SUCCESS: &str = "task=digest,outcome=success";
const FAILURE: &str = "task=digest,outcome=failure";
const TIMEOUT: &str = "task=digest,outcome=timeout";
const CANCELED: &str = "task=digest,outcome=canceled";

fn failing() -> Alert {
    Alert {
        name: "SoltiTaskFailing",
        // If all runs fail, the other alert fires.
        expression: format!(
            "({UNSUCCESSFUL} > 0.1) < 0.999\nand\n\
             sum without (outcome) (increase({RUNS}{{outcome=~\"{}\"}}[1h])) >= 2",
            unsuccessful()
        ),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "Runs of task {{ $labels.task }} on {{ $labels.instance }} fail often",
        description: "{{ $value | humanizePercentage }} of the runs of task {{ \
            $labels.task }} in the last hour did not succeed. Check the log and \
            last.detail in /api/tasks, and when the component or its input changed.",
        cases: vec![
            case("one run in four fails", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, FAILURE, "0+1x90")
                .fires(TASK, "25%"),
            case("one run in four does not start", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, "task=digest,outcome=start_failed", "0+1x90")
                .fires(TASK, "25%"),
            case("one run in twenty fails", "1h")
                .with(RUNS, SUCCESS, "0+19x90")
                .with(RUNS, FAILURE, "0+1x90"),
            case("one of few runs failed", "1h")
                .with(RUNS, SUCCESS, "0x20 1x20 2x50")
                .with(RUNS, FAILURE, "0x30 1x60"),
            case("canceled runs are not failures", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, CANCELED, "0+9x90"),
            case(
                "failures of one instance do not affect another instance",
                "1h",
            )
            .with(RUNS, SUCCESS, "0+3x90")
            .with(RUNS, FAILURE, "0x90")
            .with(
                RUNS,
                "instance=b:9464,task=digest,outcome=success",
                "0+3x90",
            )
            .with(
                RUNS,
                "instance=b:9464,task=digest,outcome=failure",
                "0+1x90",
            )
            .fires("instance=b:9464,task=digest", "25%"),
        ],
    }
}

fn all_failed() -> Alert {
    Alert {
        name: "SoltiTaskAllRunsFailed",
        expression: format!("{UNSUCCESSFUL} >= 0.999"),
        hold: Some("5m"),
        severity: Severity::Critical,
        summary: "All runs of task {{ $labels.task }} on {{ $labels.instance }} fail",
        description: "Every run of task {{ $labels.task }} in the last hour failed, timed \
            out or did not start. Check last.detail in /api/tasks. Then run the component \
            by hand with the same arguments: solti-metrics run.",
        cases: vec![
            case("all runs fail or time out", "1h")
                .with(RUNS, SUCCESS, "9x90")
                .with(RUNS, FAILURE, "0+1x90")
                .with(RUNS, TIMEOUT, "0+2x90")
                .fires(TASK, ""),
            case("the only run of a daily task failed", "1h")
                .with(RUNS, SUCCESS, "4x90")
                .with(RUNS, FAILURE, "0x40 1x50")
                .fires(TASK, ""),
            case("one run of many succeeds", "1h")
                .with(RUNS, SUCCESS, "0x30 1x60")
                .with(RUNS, FAILURE, "0+1x90"),
            case("no run ended", "1h")
                .with(RUNS, SUCCESS, "4x90")
                .with(RUNS, FAILURE, "4x90"),
        ],
    }
}

fn timeouts() -> Alert {
    Alert {
        name: "SoltiTaskTimeouts",
        expression: format!("{TIMEOUTS} > 0.05"),
        hold: Some("5m"),
        severity: Severity::Warning,
        summary: "Runs of task {{ $labels.task }} on {{ $labels.instance }} exceed their timeout",
        description: "{{ $value | humanizePercentage }} of the runs of task {{ \
            $labels.task }} in the last hour exceeded their timeout. High processor time \
            means a loop or too much work. Low processor time means that the task waits. \
            Fix the task, or raise its timeout.",
        cases: vec![
            case("one run in ten is stopped", "1h")
                .with(RUNS, SUCCESS, "0+9x90")
                .with(RUNS, FAILURE, "0x90")
                .with(RUNS, TIMEOUT, "0+1x90")
                .fires(TASK, "10%"),
            case("one run in fifty is stopped", "1h")
                .with(RUNS, SUCCESS, "0+49x90")
                .with(RUNS, TIMEOUT, "0+1x90"),
            case("other failures are not timeouts", "1h")
                .with(RUNS, SUCCESS, "0+1x90")
                .with(RUNS, FAILURE, "0+9x90")
                .with(RUNS, TIMEOUT, "0x90"),
        ],
    }
}

fn not_loaded() -> Alert {
    Alert {
        name: "SoltiTaskNotLoaded",
        expression: format!("{LOADED} == 0"),
        hold: Some("5m"),
        severity: Severity::Critical,
        summary: "The configured component of task {{ $labels.task }} on {{ $labels.instance }} is not loaded",
        description: "A reload could not load the component of task {{ $labels.task }}. \
            The previous component runs, or none. Check error in /api/tasks, fix the file, \
            and reload.",
        cases: vec![
            case("the file of the component is missing", "15m")
                .with(LOADED, TASK, "0x20")
                .with(LOADED, "task=other", "1x20")
                .fires(TASK, ""),
            case("the task was fixed within 5 minutes", "15m").with(LOADED, TASK, "0x4 1x20"),
            case("the task was removed from the configuration", "15m").with(
                LOADED,
                TASK,
                "0x6 stale",
            ),
        ],
    }
}

fn overdue() -> Alert {
    Alert {
        name: "SoltiTaskOverdue",
        // A range still has samples of tasks that were removed from the configuration.
        expression: format!(
            "sum without (outcome) (increase({RUNS}[1h])) == 0\nand\n\
             sum without (outcome) (increase({RUNS}[6h] offset 1h)) >= 12\nand\n{LOADED} == 1"
        ),
        hold: Some("10m"),
        severity: Severity::Warning,
        summary: "No run of task {{ $labels.task }} on {{ $labels.instance }} has ended for an hour",
        description: "Task {{ $labels.task }} ended at least two runs an hour before, and \
            none in the last hour. Check its state in /api/tasks: running means that a run \
            hangs, waiting means that no slot is free, idle means that no run was started.",
        cases: vec![
            case("a task that ran each minute has stopped", "200m")
                .with(RUNS, SUCCESS, "0+1x120 120x100")
                .with(RUNS, FAILURE, "0x220")
                .with(LOADED, TASK, "1x220")
                .fires(TASK, ""),
            case("the task stopped when the runner restarted", "200m")
                .with(RUNS, SUCCESS, "0+1x120 0x100")
                .with(LOADED, TASK, "1x220")
                .fires(TASK, ""),
            case("the task runs and fails", "200m")
                .with(RUNS, SUCCESS, "0+1x120 120x100")
                .with(RUNS, FAILURE, "0x120 0+1x100")
                .with(LOADED, TASK, "1x220"),
            case("the task was removed from the configuration", "195m")
                .with(RUNS, SUCCESS, "0+1x120 120x20 stale")
                .with(LOADED, TASK, "1x141 stale"),
            case("a daily task is expected once a day", "200m")
                .with(RUNS, SUCCESS, "0x20 1x200")
                .with(LOADED, TASK, "1x220"),
        ],
    }
}

fn rejected() -> Alert {
    Alert {
        name: "SoltiTaskRunsRejected",
        expression: format!(
            "increase({REJECTED}[30m])\n/\n\
             (increase({REJECTED}[30m]) + sum without (outcome) (increase({RUNS}[30m])))\n> 0.1"
        ),
        hold: Some("10m"),
        severity: Severity::Warning,
        summary: "Runs of task {{ $labels.task }} on {{ $labels.instance }} are rejected",
        description: "{{ $value | humanizePercentage }} of the due runs of task {{ \
            $labels.task }} were rejected or superseded in 30 minutes. Its runs take \
            longer than its interval. Raise interval or concurrency, or make the runs \
            faster.",
        cases: vec![
            case("every other run is due during the previous run", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "0+1x90")
                .with(RUNS, FAILURE, "0x90")
                .fires(TASK, "50%"),
            case("no run ends", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "9x90")
                .fires(TASK, "100%"),
            case("one run in twenty is rejected", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "0+19x90"),
            case("no run is due", "1h")
                .with(REJECTED, TASK, "5x90")
                .with(RUNS, SUCCESS, "9x90"),
        ],
    }
}
