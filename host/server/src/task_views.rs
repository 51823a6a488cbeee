//! State of all tasks at one moment, for a page.

use solti_metrics_host::LedgerSnapshot;
use solti_metrics_host::runner::{Program, TaskUsage};

use crate::config;
use crate::engine::Snapshot;
use crate::task_counts::TaskCounts;

/// State of all tasks at one moment.
pub(crate) struct TaskViews {
    /// Tasks, in the order of their names.
    pub(crate) tasks: Vec<TaskView>,
    /// Tasks that a reload removed.
    pub(crate) retired: Vec<TaskCounts>,
}

/// State of a task at one moment.
pub(crate) struct TaskView {
    pub(crate) name: String,
    pub(crate) wanted: config::TaskConfig,
    /// `None` if the task could not be loaded and had no predecessor.
    pub(crate) program: Option<Program>,
    pub(crate) runs: Snapshot,
    pub(crate) usage: TaskUsage,
    pub(crate) ledger: LedgerSnapshot,
    pub(crate) error: Option<String>,
}
