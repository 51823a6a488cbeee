//! The records of the script.

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use prometheus_client::registry::Registry;
use solti_metrics::{
    Event, MetricsBackend, PrometheusMetrics, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_host::provider::{
    BackendCollector, BackendOptions, ComponentBackend, Grants, Providers,
};
use solti_metrics_host::{Ledger, LedgerCollector, LedgerTotals, MetricsCtx};
use solti_metrics_tests::artifact::{WASI, artifact};

use RunnerErrorKind::{BackendConfigFailed, CgroupPrepareFailed, ModuleLoadFailed, SpawnFailed};
use RunnerType::{Container, Subprocess, Wasm};
use TaskOutcome::{Canceled, Failure, Success, Timeout};

/// Durations on the bounds, next to them, in the first bucket and in the last one.
pub(crate) const SCRIPT: [Event; 29] = [
    started(Wasm),
    completed(Wasm, Success, 10),
    started(Wasm),
    completed(Wasm, Success, 0),
    started(Wasm),
    completed(Wasm, Success, 11),
    completed(Wasm, Success, 3_600_000),
    completed(Wasm, Success, 3_600_001),
    completed(Wasm, Success, 25),
    completed(Wasm, Success, 999),
    completed(Wasm, Success, 1_000),
    completed(Wasm, Failure, 7),
    completed(Wasm, Canceled, 123_456_789),
    failed(Wasm, ModuleLoadFailed),
    failed(Wasm, ModuleLoadFailed),
    failed(Wasm, SpawnFailed),
    started(Container),
    completed(Container, Timeout, 30_000),
    completed(Container, Timeout, 30_001),
    completed(Container, Timeout, 60_000),
    failed(Container, CgroupPrepareFailed),
    failed(Container, BackendConfigFailed),
    failed(Container, CgroupPrepareFailed),
    failed(Container, CgroupPrepareFailed),
    completed(Subprocess, Failure, 2_500),
    completed(Subprocess, Failure, 2_501),
    completed(Subprocess, Failure, 100),
    completed(Subprocess, Success, 1),
    failed(Subprocess, SpawnFailed),
];

/// The name of a source with all escaped characters. It resembles an exemplar.
const AWKWARD: &str = "a \"name\" # {with=\"\\\"} 1\nin two lines";

/// The ledgers of the guests below.
pub(crate) const LEDGERS: [Source; 2] = [
    Source {
        name: "guests",
        accepted: 9,
        delivered: 5,
        clamped: 1,
        dropped: &[("quota", 3), ("runner_not_allowed", 1)],
    },
    Source {
        name: AWKWARD,
        accepted: 2,
        delivered: 0,
        clamped: 0,
        dropped: &[("backend_panicked", 2)],
    },
];

/// The counts of a ledger. Reasons without records are left out.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) clamped: u64,
    pub(crate) dropped: &'static [(&'static str, u64)],
}

const fn started(runner: RunnerType) -> Event {
    Event::TaskStarted { runner }
}

const fn completed(runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner,
        outcome,
        duration_ms,
    }
}

const fn failed(runner: RunnerType, error: RunnerErrorKind) -> Event {
    Event::RunnerError { runner, error }
}

/// A component as a backend, before its first record.
pub(crate) const BACKEND: (&str, usize) = ("provider", 128);

/// The backend with the records of the script, two ledgers and a component in one
/// registry.
pub(crate) fn recorded() -> Result<PrometheusMetrics> {
    let (guests, panicked) = (guests(), panicked());
    let mut registry = Registry::default();
    let backends = BackendCollector::new();
    backends.add(component()?);
    registry.register_collector(Box::new(backends));
    registry.register_collector(Box::new(
        LedgerCollector::new()
            .source("guests", move || guests.total())
            .source(AWKWARD, move || panicked.snapshot()),
    ));
    let metrics = PrometheusMetrics::with_registry(registry);
    for event in SCRIPT {
        event.record_into(&metrics);
    }
    Ok(metrics)
}

/// Starts the backend once, since it has a thread.
pub(crate) fn component() -> Result<&'static ComponentBackend> {
    static BACKEND_STARTED: OnceLock<ComponentBackend> = OnceLock::new();
    if let Some(started) = BACKEND_STARTED.get() {
        return Ok(started);
    }
    let bytes = std::fs::read(artifact("provider", WASI))?;
    let provider = Providers::new()?.load("provider", &bytes, &Grants::new())?;
    let mut options = BackendOptions::default();
    (options.name, options.queue_capacity) = (Some(BACKEND.0.into()), BACKEND.1);
    let started = ComponentBackend::start(&provider, options)?;
    Ok(BACKEND_STARTED.get_or_init(|| started))
}

/// Two guests: one over its quota, one that may speak for containers only and
/// for a second at most.
fn guests() -> LedgerTotals {
    let book = LedgerTotals::new();
    let mut greedy = MetricsCtx::builder().quota(2).book(&book).build();
    (0..5).for_each(|_| greedy.record(started(Wasm)));
    let mut bound = MetricsCtx::builder()
        .allowed_runners([Container])
        .duration_ceiling(Duration::from_secs(1))
        .book(&book)
        .build();
    for event in [
        started(Wasm),
        started(Container),
        completed(Container, Success, 1_000),
        completed(Container, Success, 1_001),
    ] {
        bound.record(event);
    }
    book
}

fn panicked() -> Ledger {
    let mut guest = MetricsCtx::builder().backend(Broken).build();
    guest.record(started(Wasm));
    guest.record(failed(Wasm, SpawnFailed));
    guest.ledger()
}

/// A backend that unwinds at each record, without a message on standard error.
struct Broken;

impl MetricsBackend for Broken {
    fn record_task_started(&self, _: RunnerType) {
        resume_unwind(Box::new(()));
    }

    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {
        resume_unwind(Box::new(()));
    }

    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {
        resume_unwind(Box::new(()));
    }
}
