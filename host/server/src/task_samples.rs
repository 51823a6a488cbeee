//! Numbers of all tasks at one moment, for an exposition.

use crate::task_counts::TaskCounts;

/// Numbers of all tasks at one moment. They have no texts but the names: an exposition of
/// a thousand tasks copies no configuration, no error and no list of recent runs.
pub(crate) struct TaskSamples {
    /// Tasks, in the order of their names.
    pub(crate) tasks: Vec<TaskSample>,
    /// Tasks that a reload removed.
    pub(crate) retired: Vec<TaskCounts>,
}

/// Numbers of a task at one moment.
pub(crate) struct TaskSample {
    pub(crate) counts: TaskCounts,
    pub(crate) running: u64,
    pub(crate) waiting: u64,
    /// Peak memory of any single run, in bytes.
    pub(crate) peak_memory: u64,
    /// Label of the recording mode; `None` if no component could be loaded.
    pub(crate) recording_mode: Option<&'static str>,
    /// Whether the task runs as configured.
    pub(crate) is_loaded: bool,
}
