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
        summary: "Task {{ $labels.task }} fails often on {{ $labels.instance }}",
        description: "{{ $value | humanizePercentage }} of the runs of {{ $labels.task }} in the \
            last hour did not succeed. Read the log's lines about its ends, and last.detail in \
            /api/tasks; compare with when its component or its input changed.",
        cases: vec![
            case("one run in four fails", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, FAILURE, "0+1x90")
                .fires(TASK, "25%"),
            case("one in four does not even start", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, "task=digest,outcome=not_started", "0+1x90")
                .fires(TASK, "25%"),
            case("one run in twenty fails", "1h")
                .with(RUNS, SUCCESS, "0+19x90")
                .with(RUNS, FAILURE, "0+1x90"),
            case("one of few runs failed", "1h")
                .with(RUNS, SUCCESS, "0x20 1x20 2x50")
                .with(RUNS, FAILURE, "0x30 1x60"),
            case("whoever canceled a run knows", "1h")
                .with(RUNS, SUCCESS, "0+3x90")
                .with(RUNS, CANCELED, "0+9x90"),
            case("failures on one instance are not blamed on the other", "1h")
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
        summary: "No run of task {{ $labels.task }} succeeds on {{ $labels.instance }}",
        description: "Every run of {{ $labels.task }} in the last hour failed, timed out or did \
            not start. Read last.detail in /api/tasks, then run the component by hand with the \
            same arguments: solti-metrics run.",
        cases: vec![
            case("all of them fail, in whatever way", "1h")
                .with(RUNS, SUCCESS, "9x90")
                .with(RUNS, FAILURE, "0+1x90")
                .with(RUNS, TIMEOUT, "0+2x90")
                .fires(TASK, ""),
            case("the only run of a daily task failed", "1h")
                .with(RUNS, SUCCESS, "4x90")
                .with(RUNS, FAILURE, "0x40 1x50")
                .fires(TASK, ""),
            case("one of many succeeds", "1h")
                .with(RUNS, SUCCESS, "0x30 1x60")
                .with(RUNS, FAILURE, "0+1x90"),
            case("nothing ran", "1h")
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
        summary: "Runs of task {{ $labels.task }} run out of time on {{ $labels.instance }}",
        description: "{{ $value | humanizePercentage }} of the runs of {{ $labels.task }} in the \
            last hour were stopped because their time was up. Look at its CPU seconds: much means \
            too much work or a loop, little means that it waits. Then mend it, or raise timeout.",
        cases: vec![
            case("one run in ten is stopped", "1h")
                .with(RUNS, SUCCESS, "0+9x90")
                .with(RUNS, FAILURE, "0x90")
                .with(RUNS, TIMEOUT, "0+1x90")
                .fires(TASK, "10%"),
            case("one in fifty is", "1h")
                .with(RUNS, SUCCESS, "0+49x90")
                .with(RUNS, TIMEOUT, "0+1x90"),
            case("other failures are not about time", "1h")
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
        summary: "Task {{ $labels.task }} on {{ $labels.instance }} is not what is configured",
        description: "The component of {{ $labels.task }} could not be loaded: nothing runs, or \
            the one from before. Read error in /api/tasks, put the file right, then reload.",
        cases: vec![
            case("its file is not there", "15m")
                .with(LOADED, TASK, "0x20")
                .with(LOADED, "task=other", "1x20")
                .fires(TASK, ""),
            case("it was put right within 5 minutes", "15m").with(LOADED, TASK, "0x4 1x20"),
            case(
                "a task that was taken out of the configuration is no alert",
                "15m",
            )
            .with(LOADED, TASK, "0x6 stale"),
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
        summary: "No run of task {{ $labels.task }} has ended on {{ $labels.instance }} for an hour",
        description: "{{ $labels.task }} ended at least twice an hour before, and not once in the \
            last one. In /api/tasks: running means that a run hangs, waiting that there is no room \
            for it, idle that nobody starts it.",
        cases: vec![
            case("a task that ran each minute has stopped", "200m")
                .with(RUNS, SUCCESS, "0+1x120 120x100")
                .with(RUNS, FAILURE, "0x220")
                .with(LOADED, TASK, "1x220")
                .fires(TASK, ""),
            case("it stopped with the restart of the runner", "200m")
                .with(RUNS, SUCCESS, "0+1x120 0x100")
                .with(LOADED, TASK, "1x220")
                .fires(TASK, ""),
            case("it still runs, and fails", "200m")
                .with(RUNS, SUCCESS, "0+1x120 120x100")
                .with(RUNS, FAILURE, "0x120 0+1x100")
                .with(LOADED, TASK, "1x220"),
            case("it is in the configuration no longer", "195m")
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
        summary: "Runs of task {{ $labels.task }} are turned away on {{ $labels.instance }}",
        description: "{{ $value | humanizePercentage }} of the runs of {{ $labels.task }} that were \
            due in 30 minutes were turned away or superseded. They take longer than the time \
            between them: raise every or concurrency, or make them faster.",
        cases: vec![
            case("every other run is due while the one before runs", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "0+1x90")
                .with(RUNS, FAILURE, "0x90")
                .fires(TASK, "50%"),
            case("none comes to an end", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "9x90")
                .fires(TASK, "100%"),
            case("one in twenty is", "1h")
                .with(REJECTED, TASK, "0+1x90")
                .with(RUNS, SUCCESS, "0+19x90"),
            case("nothing is due", "1h")
                .with(REJECTED, TASK, "5x90")
                .with(RUNS, SUCCESS, "9x90"),
        ],
    }
}
