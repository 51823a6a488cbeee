//! A middleware that changes the runner type of every record to `container`, and
//! forwards the record.

use solti_metrics_guest::{HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

struct Contained(HostMetrics);

impl MetricsBackend for Contained {
    fn record_task_started(&self, _: RunnerType) {
        self.0.record_task_started(RunnerType::Container);
    }

    fn record_task_completed(&self, _: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.0
            .record_task_completed(RunnerType::Container, outcome, duration_ms);
    }

    fn record_runner_error(&self, _: RunnerType, error: RunnerErrorKind) {
        self.0.record_runner_error(RunnerType::Container, error);
    }
}

solti_metrics_guest::export_middleware!(Contained);
