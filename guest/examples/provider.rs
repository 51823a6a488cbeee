//! Adds records up, and exposes totals through the host. README.md in this folder
//! defines its behavior; other files have it in other languages.
//!
//!     cargo build --target wasm32-wasip2 --example provider
//!     solti-metrics run --backend provider.wasm GUEST
//!
//! The provider has no configuration and cannot fail. Its memory is bounded, because
//! its series are. Instances share no state: after a restart, counts start at zero,
//! which scrapers handle like the restart of a process.

#![allow(clippy::print_stdout, reason = "flush prints a line")]

use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics::PrometheusMetrics;
use solti_metrics_guest::{
    BatchError, Event, Exposition, Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType,
    TaskOutcome,
};

#[derive(Default)]
struct Provider {
    metrics: PrometheusMetrics,
    started: AtomicU64,
    completed: AtomicU64,
    errors: AtomicU64,
    /// The number of records at the last flush.
    flushed: AtomicU64,
}

impl Provider {
    fn record(&self, event: Event) {
        self.count(&event);
        event.record_into(&self.metrics);
    }

    fn count(&self, event: &Event) {
        let counter = match event {
            Event::TaskStarted { .. } => &self.started,
            Event::TaskCompleted { .. } => &self.completed,
            Event::RunnerError { .. } => &self.errors,
            // A variant of a later version of the package.
            _ => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl MetricsBackend for Provider {
    fn record_task_started(&self, runner: RunnerType) {
        self.record(Event::TaskStarted { runner });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.record(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.record(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        events.iter().for_each(|event| self.count(event));
        self.metrics.record_batch(events)
    }
}

impl Lifecycle for Provider {
    fn flush(&self) -> Result<(), String> {
        let [started, completed, errors] = [&self.started, &self.completed, &self.errors]
            .map(|counter| counter.load(Ordering::Relaxed));
        let records = started + completed + errors;
        if self.flushed.swap(records, Ordering::Relaxed) < records {
            println!("started={started} completed={completed} errors={errors}");
        }
        Ok(())
    }
}

impl Exposition for Provider {
    #[allow(clippy::expect_used, reason = "it has only its own collector")]
    fn expose(&self) -> String {
        let format = solti_metrics::ExpositionFormat::OpenMetrics;
        self.metrics
            .encode(format)
            .expect("its own metrics are encoded")
    }
}

solti_metrics_guest::export_provider!(Provider::default(), Exposition, Lifecycle);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_exposed_as_openmetrics() {
        let provider = Provider::default();
        provider.record_task_started(RunnerType::Wasm);
        provider.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 250);
        provider.record_runner_error(RunnerType::Container, RunnerErrorKind::SpawnFailed);
        let text = provider.expose();
        for sample in [
            r#"solti_runner_tasks_started_total{runner="wasm"} 1"#,
            r#"solti_runner_tasks_completed_total{runner="wasm",outcome="success"} 1"#,
            r#"solti_runner_task_duration_seconds_sum{runner="wasm",outcome="success"} 0.25"#,
            r#"solti_runner_task_duration_seconds_bucket{le="0.1",runner="wasm",outcome="success"} 0"#,
            r#"solti_runner_errors_total{runner="container",error="spawn_failed"} 1"#,
        ] {
            assert!(
                text.lines().any(|line| line == sample),
                "{sample} in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
