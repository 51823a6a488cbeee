use solti_metrics::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend that panics at every record.
pub(crate) struct Panicking;

#[expect(clippy::panic, reason = "a backend that panics is what is tested")]
impl MetricsBackend for Panicking {
    fn record_task_started(&self, _: RunnerType) {
        panic!("a broken backend");
    }
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {
        panic!("a broken backend");
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {
        panic!("a broken backend");
    }
}
