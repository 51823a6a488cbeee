//! A provider that adds records up, and is scraped through the host: it exports
//! `exposition`.
//!
//! There is nothing to configure and nothing that can fail. What it holds is
//! bounded, since its series are. Nothing is kept across instances: after a
//! restart it counts from zero, which every scraper knows from processes.

use solti_metrics::PrometheusMetrics;
use solti_metrics_guest::{
    Event, Exposition, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

#[derive(Default)]
struct Counter(PrometheusMetrics);

impl MetricsBackend for Counter {
    fn record_task_started(&self, runner: RunnerType) {
        self.0.record_task_started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.0.record_task_completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.0.record_runner_error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) {
        self.0.record_batch(events);
    }
}

impl Exposition for Counter {
    #[allow(clippy::expect_used, reason = "there is no collector but its own")]
    fn expose(&self) -> String {
        let format = solti_metrics::Exposition::OpenMetrics;
        self.0.encode(format).expect("its own metrics are encoded")
    }
}

solti_metrics_guest::export_provider!(Counter::default(), Exposition);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_exposed_as_openmetrics() {
        let counter = Counter::default();
        counter.record_task_started(RunnerType::Wasm);
        counter.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 250);
        counter.record_runner_error(RunnerType::Container, RunnerErrorKind::SpawnFailed);
        let text = counter.expose();
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
