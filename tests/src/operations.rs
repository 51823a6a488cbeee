//! Files for operators of runners: a dashboard, recording rules, alerts, and the cases in
//! which each alert fires or is silent.
//!
//! All of them are data here, and are rendered into `dashboards/` and `alerts/`. A label
//! of the contract takes its texts from the enums. A new case therefore changes the
//! files, and `tests/tests/interop/operations.rs` reports the difference.
//!
//! Three rules hold in every expression:
//!
//! - **A counter is read through `rate` or `increase`**, and summed afterwards:
//!   a restart of one runner is then no negative step in the sum of many.
//! - **Alerts keep the labels of their target** (`without`, never `by`), so that
//!   labels from a scrape configuration arrive with the alert.
//! - **No expression uses `or vector(0)`.** All series exist from the start, at 0.
//!   A missing series means a missing runner, and a reassuring 0 would hide it.

pub mod alerts;
pub mod dashboard;
pub mod exposed;
pub mod promql;

use solti_metrics::TaskOutcome;

/// Additional value of the label `outcome` of `solti_metrics_task_runs_total`: the run failed before its `main` was called.
const START_FAILED: &str = "start_failed";

/// A regular expression for the outcomes of unsuccessful runs. It omits cancelled runs,
/// since their operator knows about them.
fn unsuccessful() -> String {
    let fine = [TaskOutcome::Success, TaskOutcome::Canceled];
    TaskOutcome::ALL
        .iter()
        .filter(|outcome| !fine.contains(outcome))
        .map(TaskOutcome::as_label)
        .chain([START_FAILED])
        .collect::<Vec<_>>()
        .join("|")
}
