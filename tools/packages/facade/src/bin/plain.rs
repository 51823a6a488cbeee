use std::sync::Arc;

use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome};

fn main() {
    let memory = Arc::new(MemoryMetrics::new());
    let metrics: MetricsHandle = memory.clone();
    metrics.record_task_completed(RunnerType::Subprocess, TaskOutcome::Success, 42);
    assert_eq!(memory.events().len(), 1);
}
