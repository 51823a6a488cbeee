//! Counts the records that it receives, and exposes the counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use solti_metrics_guest::{Exposition, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

#[derive(Default)]
struct Provider {
    started: AtomicU64,
    completed: AtomicU64,
    errors: AtomicU64,
}

impl MetricsBackend for Provider {
    fn record_task_started(&self, _: RunnerType) {
        self.started.fetch_add(1, Relaxed);
    }

    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _duration_ms: u64) {
        self.completed.fetch_add(1, Relaxed);
    }

    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {
        self.errors.fetch_add(1, Relaxed);
    }
}

impl Exposition for Provider {
    fn expose(&self) -> String {
        let [started, completed, errors] =
            [&self.started, &self.completed, &self.errors].map(|count| count.load(Relaxed));
        format!(
            "# TYPE tasks_started counter\n\
             tasks_started_total {started}\n\
             # TYPE tasks_completed counter\n\
             tasks_completed_total {completed}\n\
             # TYPE runner_errors counter\n\
             runner_errors_total {errors}\n\
             # EOF\n"
        )
    }
}

solti_metrics_guest::export_provider!(Provider::default(), Exposition);
