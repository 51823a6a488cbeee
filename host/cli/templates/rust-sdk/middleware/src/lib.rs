//! Changes the runner type `wasm` of each record to `container`, and forwards every
//! record.

use solti_metrics_guest::{HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

struct Middleware(HostMetrics);

impl MetricsBackend for Middleware {
    fn record_task_started(&self, runner: RunnerType) {
        self.0.record_task_started(renamed(runner));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.0
            .record_task_completed(renamed(runner), outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.0.record_runner_error(renamed(runner), error);
    }
}

fn renamed(runner: RunnerType) -> RunnerType {
    match runner {
        RunnerType::Wasm => RunnerType::Container,
        other => other,
    }
}

solti_metrics_guest::export_middleware!(Middleware);
