//! The published crates of the same contract. Their backend takes a guest's records, and
//! ours takes the records of a native runner. Both expose the same samples under the same
//! names.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use solti_metrics::{Event, ExpositionFormat, FanoutMetrics, MemoryMetrics, PrometheusMetrics};
use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use solti_metrics_tests::exposition::{self, families};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use adapter::{Ours, Theirs};

mod adapter;

#[test]
fn their_backend_and_ours_expose_the_same_for_a_guest() {
    let theirs = Arc::new(solti_prometheus::PrometheusMetrics::new_isolated().unwrap());
    let adapted = Arc::new(Ours::new(theirs.clone()));
    let ours = Arc::new(PrometheusMetrics::new());
    let memory = Arc::new(MemoryMetrics::new());
    let all = Arc::new(FanoutMetrics::new([
        adapted.clone() as _,
        ours.clone() as _,
        memory.clone() as _,
    ]));

    let ledger = run_guest(MetricsCtx::builder().handle(all.clone()).build());

    assert_eq!(memory.events(), script());
    let records = script().len() as u64;
    assert_eq!((ledger.delivered(), ledger.in_flight()), (records, 0));
    assert_eq!(all.panicked().sum::<u64>(), 0);
    assert_eq!(adapted.unmapped(), 0);

    let theirs = prometheus::TextEncoder::new().encode_to_string(&theirs.gather());
    let theirs = theirs.unwrap();
    let ours = ours.encode(ExpositionFormat::Text).unwrap();
    assert_eq!(types(&ours), types(&theirs));
    let (mut ours, theirs) = (samples(&ours), samples(&theirs));
    for (sample, value) in theirs {
        let found = ours.remove(&sample).unwrap_or(f64::NAN);
        // Their sums are floats in seconds, which rounds. Ours are milliseconds.
        let off = if sample.0.ends_with("_sum") {
            1e-6
        } else {
            0.0
        };
        assert!((found - value).abs() <= off, "{sample:?}: {found}, {value}");
    }
    // Our backend shows each counter from the start.
    for (sample, value) in ours {
        assert_eq!(value, 0.0, "{sample:?}");
        assert!(sample.0.ends_with("_total"), "{sample:?}");
    }
}

#[test]
fn a_native_runner_records_into_a_backend_of_ours() {
    let memory = Arc::new(MemoryMetrics::new());
    let adapted = Arc::new(Theirs::new(memory.clone()));
    let context = solti_runner::BuildContext::default().with_metrics(adapted.clone());

    let handle: solti_runner::MetricsHandle = context.metrics().clone();
    handle.record_runner_error(
        solti_runner::RunnerType::Container,
        solti_runner::RunnerErrorKind::CgroupPrepareFailed,
    );
    handle.record_task_started(solti_runner::RunnerType::Subprocess);
    handle.record_task_completed(
        solti_runner::RunnerType::Subprocess,
        solti_runner::TaskOutcome::Timeout,
        u64::MAX,
    );

    assert_eq!(
        memory.events(),
        [
            failed(RunnerType::Container, RunnerErrorKind::CgroupPrepareFailed),
            started(RunnerType::Subprocess),
            completed(RunnerType::Subprocess, TaskOutcome::Timeout, u64::MAX),
        ]
    );
    assert_eq!(adapted.unmapped(), 0);
}

#[test]
fn every_record_survives_there_and_back() {
    let memory = Arc::new(MemoryMetrics::new());
    let there = Ours::new(Arc::new(Theirs::new(memory.clone())));
    let mut made = Vec::new();
    for runner in RunnerType::ALL {
        made.push(started(runner));
        made.extend(TaskOutcome::ALL.map(|outcome| completed(runner, outcome, 1)));
        made.extend(RunnerErrorKind::ALL.map(|error| failed(runner, error)));
    }
    for event in &made {
        event.record_into(&there);
    }
    assert_eq!(memory.events(), made);
    assert_eq!(there.unmapped(), 0);
}

#[test]
fn labels_and_names_of_cases_agree() {
    assert_eq!(
        RunnerType::ALL.map(|case| (format!("{case:?}"), case.as_label())),
        adapter::RUNNERS.map(|case| (format!("{case:?}"), case.as_label())),
    );
    assert_eq!(
        TaskOutcome::ALL.map(|case| (format!("{case:?}"), case.as_label())),
        adapter::OUTCOMES.map(|case| (format!("{case:?}"), case.as_label())),
    );
    assert_eq!(
        RunnerErrorKind::ALL.map(|case| (format!("{case:?}"), case.as_label())),
        adapter::ERRORS.map(|case| (format!("{case:?}"), case.as_label())),
    );
}

/// A compile-time check: our types can do everything that theirs can.
#[test]
fn our_types_do_what_theirs_do() {
    fn label<T: Debug + Clone + Copy + PartialEq + Eq>() {}
    fn key<T: Hash>() {}
    fn no_op<T: Debug + Clone + Copy + Default>() -> usize {
        size_of::<T>()
    }
    label::<(RunnerType, solti_runner::RunnerType)>();
    label::<(TaskOutcome, solti_runner::TaskOutcome)>();
    label::<(RunnerErrorKind, solti_runner::RunnerErrorKind)>();
    key::<(RunnerType, solti_runner::RunnerType)>();
    key::<(RunnerErrorKind, solti_runner::RunnerErrorKind)>();
    assert_eq!(no_op::<solti_metrics::NoOpMetrics>(), 0);
    assert_eq!(no_op::<solti_runner::NoOpMetrics>(), 0);
    let _: solti_metrics::MetricsHandle = solti_metrics::noop_metrics();
    let _: solti_runner::MetricsHandle = solti_runner::noop_metrics();
}

/// The calls of `guest.wat`.
fn script() -> Vec<Event> {
    use RunnerErrorKind::{
        BackendConfigFailed, CgroupPrepareFailed, ModuleLoadFailed, SpawnFailed,
    };
    use RunnerType::{Container, Subprocess, Wasm};
    use TaskOutcome::{Canceled, Failure, Success, Timeout};
    vec![
        started(Wasm),
        completed(Wasm, Success, 0),
        started(Wasm),
        completed(Wasm, Success, 10),
        completed(Wasm, Success, 11),
        completed(Wasm, Success, 3_600_000),
        completed(Wasm, Success, 3_600_001),
        completed(Wasm, Timeout, 30_000),
        failed(Wasm, ModuleLoadFailed),
        started(Subprocess),
        completed(Subprocess, Failure, 1_234),
        completed(Subprocess, Failure, 4_321),
        failed(Subprocess, CgroupPrepareFailed),
        failed(Subprocess, SpawnFailed),
        failed(Subprocess, SpawnFailed),
        completed(Container, Canceled, 299_999),
        failed(Container, BackendConfigFailed),
    ]
}

fn started(runner: RunnerType) -> Event {
    Event::TaskStarted { runner }
}

fn completed(runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner,
        outcome,
        duration_ms,
    }
}

fn failed(runner: RunnerType, error: RunnerErrorKind) -> Event {
    Event::RunnerError { runner, error }
}

fn run_guest(metrics: MetricsCtx) -> solti_metrics_host::LedgerSnapshot {
    let engine = Engine::default();
    let mut linker = Linker::<MetricsCtx>::new(&engine);
    add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx }).unwrap();
    let guest = wat::parse_str(include_str!("upstream/guest.wat")).unwrap();
    let guest = Component::from_binary(&engine, &guest).unwrap();
    let mut store = Store::new(&engine, metrics);
    let instance = linker.instantiate(&mut store, &guest).unwrap();
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .unwrap();
    run.call(&mut store, ()).unwrap();
    store.data().ledger().snapshot()
}

/// The families of a text exposition: names and types.
fn types(text: &str) -> BTreeSet<(&str, &str)> {
    let families = families(text).unwrap();
    let types = families.iter().map(|family| (family.name, family.kind));
    types.collect()
}

/// The samples of a text exposition, by name and labels. A bound is a number: `1` and
/// `1.0` are equal.
fn samples(text: &str) -> BTreeMap<(String, BTreeMap<String, String>), f64> {
    let mut samples = BTreeMap::new();
    for sample in exposition::samples(text).unwrap() {
        let labels = sample.labels.iter().map(|&(name, text)| {
            let text = match name {
                "le" => text.parse::<f64>().unwrap().to_string(),
                _ => text.to_owned(),
            };
            (name.to_owned(), text)
        });
        let key = (sample.name.to_owned(), labels.collect());
        let twice = samples.insert(key, sample.number().unwrap());
        assert_eq!(twice, None, "{sample:?}");
    }
    samples
}
