//! What people who operate runners are given: a dashboard, recording rules,
//! alerts, and the cases that show each alert firing and silent.
//!
//! All of it is written here as data and rendered into `dashboards/` and
//! `alerts/`. What has a label of the contract takes its texts from the enums, so
//! that a case more changes the files, and `tests/tests/interop/operations.rs` says so.
//!
//! Three rules hold in every expression:
//!
//! - **A counter is read through `rate` or `increase`**, and summed afterwards:
//!   only then a restart of one runner is no negative step in the sum of many.
//! - **Alerts keep the labels of their target** (`without`, never `by`), so that
//!   what somebody adds to their scrape configuration arrives with the alert.
//! - **Nothing is filled with `or vector(0)`.** All series exist from the start, at
//!   0. Where there are none there is no runner, and a reassuring 0 would hide it.

pub mod alerts;
pub mod dashboard;
pub mod exposed;
pub mod promql;

use solti_metrics::TaskOutcome;

/// What the label `outcome` of `solti_metrics_task_runs_total` has besides the
/// outcomes: the run failed before its `main` was called.
const NOT_STARTED: &str = "start_failed";

/// A regular expression for the outcomes of runs that went wrong. Who cancels a run
/// knows it already.
fn unsuccessful() -> String {
    let fine = [TaskOutcome::Success, TaskOutcome::Canceled];
    TaskOutcome::ALL
        .iter()
        .filter(|outcome| !fine.contains(outcome))
        .map(TaskOutcome::as_label)
        .chain([NOT_STARTED])
        .collect::<Vec<_>>()
        .join("|")
}
