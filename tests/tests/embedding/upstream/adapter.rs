//! Adapters between the two contracts. Labels are matched by their text. A label without
//! a counterpart is dropped and counted.

use std::sync::atomic::{AtomicU64, Ordering};

use solti_runner as theirs;

/// Their enums have no `ALL`. The version is pinned, so that these lists stay complete.
pub(crate) const RUNNERS: [theirs::RunnerType; 3] = [
    theirs::RunnerType::Subprocess,
    theirs::RunnerType::Container,
    theirs::RunnerType::Wasm,
];
pub(crate) const OUTCOMES: [theirs::TaskOutcome; 4] = [
    theirs::TaskOutcome::Success,
    theirs::TaskOutcome::Failure,
    theirs::TaskOutcome::Canceled,
    theirs::TaskOutcome::Timeout,
];
pub(crate) const ERRORS: [theirs::RunnerErrorKind; 4] = [
    theirs::RunnerErrorKind::CgroupPrepareFailed,
    theirs::RunnerErrorKind::BackendConfigFailed,
    theirs::RunnerErrorKind::SpawnFailed,
    theirs::RunnerErrorKind::ModuleLoadFailed,
];

/// Makes a backend of theirs one of ours.
pub(crate) struct Ours {
    backend: theirs::MetricsHandle,
    unmapped: Unmapped,
}

/// Makes a backend of ours one of theirs.
pub(crate) struct Theirs {
    backend: solti_metrics::MetricsHandle,
    unmapped: Unmapped,
}

/// Records that were dropped because their label has no counterpart.
#[derive(Default)]
struct Unmapped(AtomicU64);

impl Unmapped {
    fn unless(&self, recorded: Option<()>) {
        if recorded.is_none() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Ours {
    pub(crate) fn new(backend: theirs::MetricsHandle) -> Self {
        let unmapped = Unmapped::default();
        Self { backend, unmapped }
    }

    pub(crate) fn unmapped(&self) -> u64 {
        self.unmapped.0.load(Ordering::Relaxed)
    }
}

impl Theirs {
    pub(crate) fn new(backend: solti_metrics::MetricsHandle) -> Self {
        let unmapped = Unmapped::default();
        Self { backend, unmapped }
    }

    pub(crate) fn unmapped(&self) -> u64 {
        self.unmapped.0.load(Ordering::Relaxed)
    }
}

impl solti_metrics::MetricsBackend for Ours {
    fn record_task_started(&self, runner: solti_metrics::RunnerType) {
        self.unmapped.unless((|| {
            self.backend.record_task_started(their_runner(runner)?);
            Some(())
        })());
    }

    fn record_task_completed(
        &self,
        runner: solti_metrics::RunnerType,
        outcome: solti_metrics::TaskOutcome,
        duration_ms: u64,
    ) {
        self.unmapped.unless((|| {
            let outcome = OUTCOMES
                .into_iter()
                .find(|theirs| theirs.as_label() == outcome.as_label())?;
            self.backend
                .record_task_completed(their_runner(runner)?, outcome, duration_ms);
            Some(())
        })());
    }

    fn record_runner_error(
        &self,
        runner: solti_metrics::RunnerType,
        error: solti_metrics::RunnerErrorKind,
    ) {
        self.unmapped.unless((|| {
            let error = ERRORS
                .into_iter()
                .find(|theirs| theirs.as_label() == error.as_label())?;
            self.backend
                .record_runner_error(their_runner(runner)?, error);
            Some(())
        })());
    }
}

fn their_runner(ours: solti_metrics::RunnerType) -> Option<theirs::RunnerType> {
    RUNNERS
        .into_iter()
        .find(|theirs| theirs.as_label() == ours.as_label())
}

impl theirs::MetricsBackend for Theirs {
    fn record_task_started(&self, runner: theirs::RunnerType) {
        self.unmapped.unless((|| {
            let runner = runner.as_label().parse().ok()?;
            self.backend.record_task_started(runner);
            Some(())
        })());
    }

    fn record_task_completed(
        &self,
        runner: theirs::RunnerType,
        outcome: theirs::TaskOutcome,
        duration_ms: u64,
    ) {
        self.unmapped.unless((|| {
            let runner = runner.as_label().parse().ok()?;
            let outcome = outcome.as_label().parse().ok()?;
            self.backend
                .record_task_completed(runner, outcome, duration_ms);
            Some(())
        })());
    }

    fn record_runner_error(&self, runner: theirs::RunnerType, error: theirs::RunnerErrorKind) {
        self.unmapped.unless((|| {
            let runner = runner.as_label().parse().ok()?;
            let error = error.as_label().parse().ok()?;
            self.backend.record_runner_error(runner, error);
            Some(())
        })());
    }
}
