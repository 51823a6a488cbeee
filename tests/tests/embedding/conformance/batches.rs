//! A batch equals single calls, for each backend and each division of a sequence into
//! batches.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use solti_metrics::{
    BatchError, Event, ExpositionFormat, FanoutMetrics, MemoryMetrics, MetricsBackend,
    PrometheusMetrics, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_tests::script::script;

/// Maximum length of a sequence. From 64 records on, Prometheus adds a batch up first.
const RECORDS: usize = 400;

#[test]
fn prometheus_exposes_the_same_for_batches_and_single_calls() -> Result<()> {
    check(divided(), |batches| {
        let (single, batched) = (PrometheusMetrics::new(), PrometheusMetrics::new());
        for batch in &batches {
            prop_assert_eq!(batched.record_batch(batch), Ok(()));
            batch.iter().for_each(|event| event.record_into(&single));
            let [single, batched] =
                [&single, &batched].map(|metrics| metrics.encode(ExpositionFormat::OpenMetrics));
            prop_assert_eq!(single, batched);
        }
        Ok(())
    })
}

#[test]
fn memory_remembers_the_same_sequence() -> Result<()> {
    check((divided(), 0..RECORDS), |(batches, capacity)| {
        let [single, batched] = [(); 2].map(|()| MemoryMetrics::with_capacity(capacity));
        for batch in &batches {
            prop_assert_eq!(batched.record_batch(batch), Ok(()));
            batch.iter().for_each(|event| event.record_into(&single));
        }
        prop_assert_eq!(single.events(), batched.events());
        prop_assert_eq!(single.forgotten(), batched.forgotten());
        Ok(())
    })
}

#[test]
fn a_panicking_backend_loses_only_those_records() -> Result<()> {
    check((divided(), duration()), |(batches, limit_ms)| {
        let fragile = Arc::new(Fragile::new(limit_ms));
        let behind = Arc::new(MemoryMetrics::new());
        let fanout = FanoutMetrics::new([fragile.clone() as _, behind.clone() as _]);
        let whole = batches.concat();
        let kept: Vec<_> = whole
            .iter()
            .copied()
            .filter(|event| !fragile.breaks(event))
            .collect();
        for batch in &batches {
            let breaking = batch.iter().filter(|event| fragile.breaks(event)).count();
            let caught = BatchError::catch(&Fragile::new(limit_ms), batch);
            let returned = Fragile::new(limit_ms).record_batch(batch);
            prop_assert_eq!(&caught, &returned);
            prop_assert_eq!(
                returned.map_err(|error| error.records()).err(),
                (breaking > 0).then_some(breaking)
            );
            prop_assert_eq!(fanout.record_batch(batch), Ok(()));
        }
        let lost = (whole.len() - kept.len()) as u64;
        prop_assert_eq!(fanout.panicked().collect::<Vec<_>>(), [lost, 0]);
        prop_assert_eq!(fragile.kept.events(), kept);
        prop_assert_eq!(behind.events(), whole);
        Ok(())
    })
}

#[test]
fn concurrent_records_add_up() -> Result<()> {
    const ROUNDS: usize = 200;
    let events = script();
    let (alone, together) = (PrometheusMetrics::new(), PrometheusMetrics::new());
    for event in [&events[..]; 2 * ROUNDS].concat() {
        event.record_into(&alone);
    }
    thread::scope(|scope| {
        scope.spawn(|| (0..ROUNDS).try_for_each(|_| together.record_batch(&events)));
        scope.spawn(|| {
            for event in [&events[..]; ROUNDS].concat() {
                event.record_into(&together);
            }
        });
    });
    assert_eq!(
        alone.encode(ExpositionFormat::OpenMetrics)?,
        together.encode(ExpositionFormat::OpenMetrics)?
    );
    Ok(())
}

/// A backend that unwinds at each completion above a limit.
struct Fragile {
    limit_ms: u64,
    kept: MemoryMetrics,
}

impl Fragile {
    fn new(limit_ms: u64) -> Self {
        let kept = MemoryMetrics::new();
        Self { limit_ms, kept }
    }

    fn breaks(&self, event: &Event) -> bool {
        matches!(event, Event::TaskCompleted { duration_ms, .. } if *duration_ms > self.limit_ms)
    }
}

impl MetricsBackend for Fragile {
    fn record_task_started(&self, runner: RunnerType) {
        self.kept.record_task_started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        if duration_ms > self.limit_ms {
            // Unwinds without a message on standard error.
            resume_unwind(Box::new(()));
        }
        self.kept
            .record_task_completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.kept.record_runner_error(runner, error);
    }
}

/// A sequence of records, divided into batches.
fn divided() -> impl Strategy<Value = Vec<Vec<Event>>> {
    let batch = prop_oneof![
        prop::collection::vec(event(), 0..4),
        prop::collection::vec(event(), 0..RECORDS),
    ];
    prop::collection::vec(batch, 0..6)
}

fn event() -> impl Strategy<Value = Event> {
    let runner = || prop::sample::select(&RunnerType::ALL[..]);
    let outcome = prop::sample::select(&TaskOutcome::ALL[..]);
    let error = prop::sample::select(&RunnerErrorKind::ALL[..]);
    prop_oneof![
        runner().prop_map(|runner| Event::TaskStarted { runner }),
        (runner(), outcome, duration()).prop_map(|(runner, outcome, duration_ms)| {
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            }
        }),
        (runner(), error).prop_map(|(runner, error)| Event::RunnerError { runner, error }),
    ]
}

/// Durations around each bound, and any others.
fn duration() -> impl Strategy<Value = u64> {
    let bounds = PrometheusMetrics::BUCKETS.map(|seconds| (seconds * 1000.0).round() as u64);
    prop_oneof![
        8 => (prop::sample::select(bounds.to_vec()), 0..3_u64)
            .prop_map(|(bound, more)| bound - 1 + more),
        4 => 0..4_000_000_u64,
        1 => any::<u64>(),
        1 => Just(u64::MAX),
    ]
}

fn check<S: Strategy>(
    inputs: S,
    holds: impl Fn(S::Value) -> Result<(), TestCaseError>,
) -> Result<()> {
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&inputs, holds)
        .map_err(|error| anyhow!("{error}"))
}
