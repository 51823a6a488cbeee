//! Words and records: admission by a context, and backends of the facade, against a model.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use arbitrary::Unstructured;
use solti_metrics::{
    DropReason, Event, ExpositionFormat, FanoutMetrics, FilteredMetrics, LedgerTotals, MemoryMetrics, MetricsBackend,
    MetricsHandle, PrometheusMetrics, RunnerErrorKind, RunnerType, SummaryMetrics, TaskOutcome,
};
use solti_metrics_host::MetricsCtx;
use solti_metrics_tests::exposition::{families, samples};

use crate::event::event;
use crate::oracle::is_settled;
use crate::panics::EXPECTED;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "records",
    run,
    seeds: &[],
    words: &[],
    longest: 600,
    limits: Limits::SMALL,
};

/// A backend that panics at one kind of error.
#[derive(Debug)]
struct Broken;

const BREAKS: RunnerErrorKind = RunnerErrorKind::SpawnFailed;

impl MetricsBackend for Broken {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
    fn record_runner_error(&self, _: RunnerType, error: RunnerErrorKind) {
        assert!(error != BREAKS, "{EXPECTED}");
    }
}

/// Limits of a context.
#[derive(Debug)]
struct Bounds {
    allowed: Vec<RunnerType>,
    quota: u64,
    ceiling_ms: u64,
}

fn run(input: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(input);
    words(input.arbitrary()?)?;
    words([u64::from(input.arbitrary::<u32>()? & 0x03_03_03), input.arbitrary()?])?;
    let mut bounds = Bounds {
        allowed: Vec::new(),
        quota: u64::MAX,
        ceiling_ms: u64::MAX,
    };
    for runner in RunnerType::ALL {
        if input.int_in_range(0..=3)? < 3 {
            bounds.allowed.push(runner);
        }
    }
    if input.arbitrary()? {
        bounds.quota = input.int_in_range(0..=40)?;
    }
    if input.arbitrary()? {
        bounds.ceiling_ms = input.int_in_range(0..=1 << 40)?;
    }
    let mut events = Vec::new();
    while !input.is_empty() {
        events.push(event(input)?);
    }
    let (broken, admitted) = (events.len().is_multiple_of(4), recorded(&events, &bounds, false)?);
    if broken {
        recorded(&events, &bounds, true)?;
    }
    backends(&admitted)
}

/// Words are the encoding of a record, or of none.
fn words(words: [u64; 2]) -> Result<()> {
    let Some(event) = Event::from_words(words) else {
        return Ok(());
    };
    ensure!(event.to_words() == words, "{words:?} is read as {event:?}");
    let other = event.with_runner(RunnerType::Wasm);
    ensure!(other.runner() == RunnerType::Wasm, "{other:?}");
    ensure!(Event::from_words(other.to_words()) == Some(other), "{other:?}");
    Ok(())
}

/// Records of a context, which must be those of the model. Returns the admitted records.
fn recorded(events: &[Event], bounds: &Bounds, broken: bool) -> Result<Vec<Event>> {
    let (memory, totals) = (Arc::new(MemoryMetrics::new()), LedgerTotals::new());
    let handle: MetricsHandle = if broken { Arc::new(Broken) } else { memory.clone() };
    let mut context = MetricsCtx::builder()
        .handle(handle)
        .allowed_runners(bounds.allowed.clone())
        .duration_ceiling(Duration::from_millis(bounds.ceiling_ms))
        .quota(bounds.quota)
        .ledger_totals(&totals)
        .build();
    let (mut admitted, mut dropped) = (Vec::new(), [0_u64; 3]);
    let (mut quota, mut clamped) = (bounds.quota, 0);
    for event in events {
        context.record(*event);
        if !bounds.allowed.contains(&event.runner()) {
            dropped[0] += 1;
        } else if quota == 0 {
            dropped[1] += 1;
        } else {
            quota -= 1;
            let (event, is_clamped) = clamp(*event, bounds.ceiling_ms);
            clamped += u64::from(is_clamped);
            if broken && matches!(event, Event::RunnerError { error: BREAKS, .. }) {
                dropped[2] += 1;
            } else {
                admitted.push(event);
            }
        }
    }
    let ledger = context.ledger().snapshot();
    is_settled(&ledger)?;
    let reasons = [DropReason::RunnerNotAllowed, DropReason::Quota, DropReason::BackendPanicked];
    ensure!(reasons.map(|it| ledger.dropped(it)) == dropped, "{ledger:?}, not {dropped:?}");
    ensure!(ledger.accepted() == events.len() as u64, "{ledger:?}");
    ensure!(ledger.delivered() == admitted.len() as u64, "{ledger:?}");
    ensure!(ledger.clamped() == clamped, "{ledger:?}, not {clamped}");
    drop(context);
    ensure!(totals.total() == ledger, "the total is {:?}, not {ledger:?}", totals.total());
    ensure!(broken || memory.events() == admitted, "other records: {:?}", memory.events());
    Ok(admitted)
}

fn clamp(event: Event, ceiling_ms: u64) -> (Event, bool) {
    match event {
        Event::TaskCompleted { runner, outcome, duration_ms } if duration_ms > ceiling_ms => {
            let duration_ms = ceiling_ms;
            (Event::TaskCompleted { runner, outcome, duration_ms }, true)
        }
        event => (event, false),
    }
}

/// Each backend counts the same records, one by one and in a batch.
fn backends(events: &[Event]) -> Result<()> {
    let (memory, only) = (Arc::new(MemoryMetrics::new()), RunnerType::Container);
    let prometheus = Arc::new(PrometheusMetrics::new());
    let summary = Arc::new(SummaryMetrics::new());
    let filtered = Arc::new(FilteredMetrics::new(MemoryMetrics::new(), [only]));
    let backends: [MetricsHandle; 5] =
        [memory.clone(), prometheus.clone(), summary.clone(), filtered.clone(), Arc::new(Broken)];
    let fan_out = FanoutMetrics::new(backends);
    let (single, batch) = events.split_at(events.len() / 2);
    for event in single {
        event.record_into(&fan_out);
    }
    // The broken backend loses records, and the other backends have all.
    let _ = fan_out.record_batch(batch);
    ensure!(memory.events() == events, "other records: {:?}", memory.events());
    let of_container = events.iter().filter(|it| it.runner() == only);
    let of_container: Vec<_> = of_container.copied().collect();
    ensure!(filtered.backend().events() == of_container, "filtered: {filtered:?}");
    for runner in RunnerType::ALL {
        let started = memory.started(runner) as u64;
        ensure!(summary.started(runner) == started, "{runner}: {summary:?}");
        for error in RunnerErrorKind::ALL {
            let errors = memory.runner_errors(runner, error) as u64;
            ensure!(summary.errors(runner, error) == errors, "{runner}: {summary:?}");
        }
        for outcome in TaskOutcome::ALL {
            let durations = memory.durations_ms(runner, outcome);
            let seen = summary.durations(runner, outcome);
            let count = seen.map_or(0, |it| it.count);
            ensure!(count == durations.len() as u64, "{runner}: {seen:?}");
        }
    }
    // An exposition takes longer than all records.
    reached();
    if events.len().is_multiple_of(8) { exposition(&prometheus, &memory) } else { Ok(()) }
}

/// Both formats have the same values, and they are those of the records.
fn exposition(prometheus: &PrometheusMetrics, memory: &MemoryMetrics) -> Result<()> {
    for format in [ExpositionFormat::OpenMetrics, ExpositionFormat::Text] {
        let text = prometheus.encode(format)?;
        families(&text)?;
        let samples = samples(&text)?;
        let sum = |name: &str| -> Result<f64> {
            let of_name = samples.iter().filter(|it| it.name.ends_with(name));
            of_name.map(solti_metrics_tests::exposition::Sample::number).sum()
        };
        let started: usize = RunnerType::ALL.iter().map(|it| memory.started(*it)).sum();
        ensure!(sum("tasks_started_total")? == started as f64, "{started}: {text}");
        let all = memory.events().len();
        let others = sum("errors_total")? + started as f64;
        ensure!(sum("_count")? + others == all as f64, "{all}: {text}");
    }
    Ok(())
}
