//! What is recorded, and the samples that follow from it: counted here with
//! integers, in milliseconds, without the code under test.

use std::collections::BTreeMap;
use std::panic::resume_unwind;

use anyhow::{Result, bail, ensure};
use prometheus_client::registry::Registry;
use solti_metrics::{
    Event, MetricsBackend, PrometheusMetrics, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_host::{DropReason, Ledger, LedgerBook, LedgerCollector, MetricsCtx};

use RunnerErrorKind::{BackendConfigFailed, CgroupPrepareFailed, ModuleLoadFailed, SpawnFailed};
use RunnerType::{Container, Subprocess, Wasm};
use TaskOutcome::{Canceled, Failure, Success, Timeout};

/// Durations stand on bounds, beside them, in the first bucket and in the last.
const SCRIPT: [Event; 29] = [
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

/// A source whose name wants every escape that there is, and looks like an
/// exemplar.
const AWKWARD: &str = "a \"name\" # {with=\"\\\"} 1\nin two lines";

/// Accepted, delivered, clamped, then what was dropped: of each source.
const LEDGERS: [(&str, [u64; 3], &[(&str, u64)]); 2] = [
    (
        "guests",
        [9, 5, 1],
        &[("quota", 3), ("runner_not_allowed", 1)],
    ),
    (AWKWARD, [2, 0, 0], &[("backend_panicked", 2)]),
];

const BOUNDS_MS: [u64; 15] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    3_600_000,
];

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

/// The backend that took the script, with two ledgers in the same registry.
pub(crate) fn recorded() -> Result<PrometheusMetrics> {
    let (guests, panicked) = (guests(), panicked());
    let mut registry = Registry::default();
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

/// Two guests: one over its quota, one that may speak for containers only and
/// for a second at most.
fn guests() -> LedgerBook {
    let book = LedgerBook::new();
    let mut greedy = MetricsCtx::builder().quota(2).book(&book).build();
    (0..5).for_each(|_| greedy.record(started(Wasm)));
    let mut bound = MetricsCtx::builder()
        .allowed_runners([Container])
        .duration_ceiling(std::time::Duration::from_secs(1))
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

/// Unwinds from every record, without a word on stderr.
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

/// Type of the family, name, and labels of a sample; `le` as a number.
type Key = (String, String, BTreeMap<String, String>);

/// Samples by what identifies them.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<Key, f64>);

impl Samples {
    /// Reads what `parse_exposition.py` prints.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self> {
        let mut samples = Self::default();
        let rows: Vec<serde_json::Value> = serde_json::from_slice(json)?;
        for row in rows {
            let (kind, name) = (row[0].as_str(), row[1].as_str());
            let (labels, value) = (row[2].as_object(), row[3].as_f64());
            let (Some(kind), Some(name), Some(labels), Some(value)) = (kind, name, labels, value)
            else {
                bail!("not a sample: {row}");
            };
            let labels: Vec<_> = labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
                .collect();
            let twice = samples.add(kind, name, &labels, value)?;
            ensure!(!twice, "twice: {row}");
        }
        Ok(samples)
    }

    /// Says every difference. Sums of seconds may be off by rounding.
    pub(crate) fn must_equal(&self, read: &Self) -> Result<()> {
        let mut differences = Vec::new();
        for key in self.0.keys().chain(read.0.keys()) {
            let (expected, found) = (self.0.get(key), read.0.get(key));
            let equal = match (expected, found) {
                (Some(expected), Some(found)) => (expected - found).abs() < 1e-6,
                _ => false,
            };
            if !equal {
                differences.push(format!("{key:?}: {found:?} instead of {expected:?}"));
            }
        }
        ensure!(differences.is_empty(), "{}", differences.join("\n"));
        Ok(())
    }

    /// Adds to a sample, and says whether it was there already.
    fn add(&mut self, kind: &str, name: &str, labels: &[(&str, &str)], by: f64) -> Result<bool> {
        let mut identity = BTreeMap::new();
        for &(name, text) in labels {
            let text = match name {
                "le" => text.parse::<f64>()?.to_string(),
                _ => text.to_owned(),
            };
            identity.insert(name.to_owned(), text);
        }
        let key = (kind.to_owned(), name.to_owned(), identity);
        let there = self.0.contains_key(&key);
        *self.0.entry(key).or_default() += by;
        Ok(there)
    }
}

/// Everything that a scrape of [`recorded`] must show.
pub(crate) fn expected_samples() -> Result<Samples> {
    let mut samples = Samples::default();
    let mut count = |name: &str, labels: &[(&str, &str)], by: u64| {
        samples.add("counter", name, labels, by as f64).map(drop)
    };
    // Every counter is there before its first increment.
    for runner in ["subprocess", "container", "wasm"] {
        let runner = ("runner", runner);
        count("solti_runner_tasks_started_total", &[runner], 0)?;
        for outcome in ["success", "failure", "canceled", "timeout"] {
            let labels = [runner, ("outcome", outcome)];
            count("solti_runner_tasks_completed_total", &labels, 0)?;
        }
        for error in [
            "cgroup_prepare_failed",
            "backend_config_failed",
            "spawn_failed",
            "module_load_failed",
        ] {
            count("solti_runner_errors_total", &[runner, ("error", error)], 0)?;
        }
    }
    for (source, [accepted, delivered, clamped], dropped) in LEDGERS {
        let source = ("source", source);
        count("solti_metrics_records_accepted_total", &[source], accepted)?;
        count(
            "solti_metrics_records_delivered_total",
            &[source],
            delivered,
        )?;
        count("solti_metrics_records_clamped_total", &[source], clamped)?;
        for reason in DropReason::ALL.map(DropReason::as_label) {
            let dropped = dropped.iter().find(|(name, _)| *name == reason);
            let labels = [source, ("reason", reason)];
            count(
                "solti_metrics_records_dropped_total",
                &labels,
                dropped.map_or(0, |(_, records)| *records),
            )?;
        }
    }
    for (source, ..) in LEDGERS {
        let source = [("source", source)];
        samples.add("gauge", "solti_metrics_records_in_flight", &source, 0.0)?;
    }
    for event in SCRIPT {
        expect(&mut samples, event)?;
    }
    Ok(samples)
}

fn expect(samples: &mut Samples, event: Event) -> Result<()> {
    let runner = ("runner", event.runner().as_label());
    match event {
        Event::TaskStarted { .. } => {
            samples.add(
                "counter",
                "solti_runner_tasks_started_total",
                &[runner],
                1.0,
            )?;
        }
        Event::RunnerError { error, .. } => {
            let labels = [runner, ("error", error.as_label())];
            samples.add("counter", "solti_runner_errors_total", &labels, 1.0)?;
        }
        Event::TaskCompleted {
            outcome,
            duration_ms,
            ..
        } => {
            let labels = [runner, ("outcome", outcome.as_label())];
            samples.add(
                "counter",
                "solti_runner_tasks_completed_total",
                &labels,
                1.0,
            )?;
            let mut observe = |suffix: &str, labels: &[(&str, &str)], by: f64| {
                let name = format!("solti_runner_task_duration_seconds_{suffix}");
                samples.add("histogram", &name, labels, by).map(drop)
            };
            observe("count", &labels, 1.0)?;
            observe("sum", &labels, duration_ms as f64 / 1000.0)?;
            for bound in BOUNDS_MS {
                let le = (bound as f64 / 1000.0).to_string();
                let within = f64::from(u8::from(duration_ms <= bound));
                observe("bucket", &[labels[0], labels[1], ("le", &le)], within)?;
            }
            observe("bucket", &[labels[0], labels[1], ("le", "+Inf")], 1.0)?;
        }
        _ => bail!("no samples are known for {event:?}"),
    }
    Ok(())
}
