//! The samples that follow from the script. The code here counts them, bucket by bucket
//! in milliseconds, without the code under test.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::DropReason;

use crate::exposition::script::{BACKEND, LEDGERS, SCRIPT, Source, component};

const STARTED: &str = "solti_runner_tasks_started_total";
const COMPLETED: &str = "solti_runner_tasks_completed_total";
const ERRORS: &str = "solti_runner_errors_total";

const RUNNERS: [(RunnerType, &str); 3] = [
    (RunnerType::Subprocess, "subprocess"),
    (RunnerType::Container, "container"),
    (RunnerType::Wasm, "wasm"),
];
const OUTCOMES: [(TaskOutcome, &str); 4] = [
    (TaskOutcome::Success, "success"),
    (TaskOutcome::Failure, "failure"),
    (TaskOutcome::Canceled, "canceled"),
    (TaskOutcome::Timeout, "timeout"),
];
const STEPS: [(RunnerErrorKind, &str); 4] = [
    (
        RunnerErrorKind::CgroupPrepareFailed,
        "cgroup_prepare_failed",
    ),
    (
        RunnerErrorKind::BackendConfigFailed,
        "backend_config_failed",
    ),
    (RunnerErrorKind::SpawnFailed, "spawn_failed"),
    (RunnerErrorKind::ModuleLoadFailed, "module_load_failed"),
];

const BOUNDS_MS: [u64; 15] = [
    10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    3_600_000,
];

/// Type of the family, name, and labels of a sample. `le` is a number.
type Key = (String, String, BTreeMap<String, String>);

/// Samples by their keys.
#[derive(Debug, Default)]
pub(crate) struct Samples(BTreeMap<Key, f64>);

impl Samples {
    /// Parses the output of `parse_exposition.py`.
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
            ensure!(!twice, "duplicate sample: {row}");
        }
        Ok(samples)
    }

    /// Reports each difference. Sums of seconds may differ by rounding.
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

    fn count(&mut self, name: &str, labels: &[(&str, &str)], by: u64) -> Result<()> {
        self.add("counter", name, labels, by as f64).map(drop)
    }

    /// Adds to a sample. Returns whether the sample existed.
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

/// All samples that a scrape must show.
pub(crate) fn expected_samples() -> Result<Samples> {
    let mut samples = Samples::default();
    zeros(&mut samples)?;
    for event in SCRIPT {
        expect(&mut samples, event)?;
    }
    for ledger in &LEDGERS {
        expect_ledger(&mut samples, ledger)?;
    }
    expect_backend(&mut samples)?;
    Ok(samples)
}

/// Adds the samples of a running backend without events.
fn expect_backend(samples: &mut Samples) -> Result<()> {
    let (name, capacity) = BACKEND;
    let backend = ("backend", name);
    for what in ["failures", "restarts", "replacements", "busy_seconds"] {
        samples.count(
            &format!("solti_metrics_backend_{what}_total"),
            &[backend],
            0,
        )?;
    }
    let mut gauge = |name: &str, labels: &[(&str, &str)], value: f64| {
        samples.add("gauge", name, labels, value).map(drop)
    };
    gauge("solti_metrics_backend_queue_length", &[backend], 0.0)?;
    let name = "solti_metrics_backend_queue_capacity";
    gauge(name, &[backend], capacity as f64)?;
    let memory = component()?.status().memory_bytes;
    ensure!(memory > 0, "an instance without memory");
    let name = "solti_metrics_backend_memory_bytes";
    gauge(name, &[backend], memory as f64)?;
    for state in [
        "running",
        "restarting",
        "circuit_open",
        "half_open",
        "draining",
        "stopped",
    ] {
        let is = if state == "running" { 1.0 } else { 0.0 };
        let labels = [backend, ("state", state)];
        gauge("solti_metrics_backend_state", &labels, is)?;
    }
    Ok(())
}

/// Adds the counters, which exist before their first increment.
fn zeros(samples: &mut Samples) -> Result<()> {
    for (_, runner) in RUNNERS {
        samples.count(STARTED, &[("runner", runner)], 0)?;
        for (_, outcome) in OUTCOMES {
            samples.count(COMPLETED, &[("runner", runner), ("outcome", outcome)], 0)?;
        }
        for (_, error) in STEPS {
            samples.count(ERRORS, &[("runner", runner), ("error", error)], 0)?;
        }
    }
    Ok(())
}

fn expect(samples: &mut Samples, event: Event) -> Result<()> {
    let runner = ("runner", text(&RUNNERS, event.runner())?);
    match event {
        Event::TaskStarted { .. } => samples.count(STARTED, &[runner], 1),
        Event::TaskCompleted {
            outcome,
            duration_ms,
            ..
        } => {
            let outcome = ("outcome", text(&OUTCOMES, outcome)?);
            samples.count(COMPLETED, &[runner, outcome], 1)?;
            expect_duration(samples, &[runner, outcome], duration_ms)
        }
        Event::RunnerError { error, .. } => {
            let error = ("error", text(&STEPS, error)?);
            samples.count(ERRORS, &[runner, error], 1)
        }
        _ => bail!("no samples are known for {event:?}"),
    }
}

fn text<T: PartialEq>(labels: &[(T, &'static str)], case: T) -> Result<&'static str> {
    let found = labels.iter().find(|(known, _)| *known == case);
    Ok(found.context("a case without a label")?.1)
}

fn expect_duration(samples: &mut Samples, of: &[(&str, &str); 2], duration_ms: u64) -> Result<()> {
    let mut observe = |suffix: &str, labels: &[(&str, &str)], by: f64| {
        let name = format!("solti_runner_task_duration_seconds_{suffix}");
        samples.add("histogram", &name, labels, by).map(drop)
    };
    observe("count", of, 1.0)?;
    observe("sum", of, duration_ms as f64 / 1000.0)?;
    for bound in BOUNDS_MS {
        let le = (bound as f64 / 1000.0).to_string();
        let within = if duration_ms <= bound { 1.0 } else { 0.0 };
        observe("bucket", &[of[0], of[1], ("le", &le)], within)?;
    }
    observe("bucket", &[of[0], of[1], ("le", "+Inf")], 1.0)
}

fn expect_ledger(samples: &mut Samples, ledger: &Source) -> Result<()> {
    let source = ("source", ledger.name);
    for (what, records) in [
        ("accepted", ledger.accepted),
        ("delivered", ledger.delivered),
        ("clamped", ledger.clamped),
    ] {
        let name = format!("solti_metrics_records_{what}_total");
        samples.count(&name, &[source], records)?;
    }
    for reason in DropReason::ALL.map(DropReason::as_label) {
        let dropped = ledger.dropped.iter().find(|(name, _)| *name == reason);
        samples.count(
            "solti_metrics_records_dropped_total",
            &[source, ("reason", reason)],
            dropped.map_or(0, |(_, records)| *records),
        )?;
    }
    let in_flight = "solti_metrics_records_in_flight";
    samples.add("gauge", in_flight, &[source], 0.0).map(drop)
}
