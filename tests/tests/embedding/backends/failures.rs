//! For each failure of a backend, each record is accounted for, and the backend is
//! restarted.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendState, ComponentBackend};

use crate::backends::bench::{
    Bench, GUARD, balanced, counts, never_opening, opening_after, options,
};
use crate::backends::probe::{NOW, Probe, completed};

/// Failures of a backend, and the drop reason of each.
const WAYS: [(&str, &str, &str, DropReason); 5] = [
    ("traps", "", "unreachable", DropReason::BackendTrapped),
    (
        "loops for ever",
        "",
        "(loop $again (br $again))",
        DropReason::BackendTimedOut,
    ),
    (
        "sleeps for ever",
        r#"(import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
             (func $sleep (param i64) (result i32)))
           (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))"#,
        "(call $block (call $sleep (i64.const 86400000000000)))",
        DropReason::BackendTimedOut,
    ),
    (
        "takes memory until it gets no more",
        "",
        "(loop $again (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable)) (br $again))",
        DropReason::BackendLimit,
    ),
    (
        "leaves",
        r#"(import "wasi:cli/exit@0.2.12" "exit" (func $exit (param i32)))"#,
        "(call $exit (i32.const 0)) unreachable",
        DropReason::BackendTrapped,
    ),
];

#[test]
fn only_the_records_of_the_failed_call_are_dropped() -> Result<()> {
    for (way, imports, now, reason) in WAYS {
        let probe = Probe::new().importing(imports).now(now).load()?;
        let bench = Bench::with(&probe, |options| {
            options.deadline = Duration::from_millis(100);
            options.limits.memory = 4 << 20;
        })?;
        bench.record([completed(1), completed(NOW), completed(2)]);
        let ledger = bench.settle()?;
        ensure!(counts(&ledger, reason) == (3, 2, 1), "{way}: {ledger:?}");
        ensure!(bench.next.events() == [completed(1), completed(2)], "{way}");
        let status = bench.backend.status();
        ensure!(
            (status.failures, status.restarts) == (1, 1),
            "{way}: {status:?}"
        );
        ensure!(status.last_failure.is_some(), "{way}");
        bench.stop()?;
    }
    Ok(())
}

/// The host does not know which records of the batch were processed.
#[test]
fn a_failed_batch_is_dropped_as_a_whole() -> Result<()> {
    let bench = Bench::with(
        &Probe::new().batch().now("unreachable").load()?,
        |options| {
            // The worker waits for a full batch.
            options.batch = 4;
            options.linger = GUARD;
        },
    )?;
    bench.record([completed(0)]);
    bench.settle()?;
    bench.record([1, 2, NOW, 4, 5].map(completed));
    let ledger = bench.stop()?;
    let dropped = ledger.dropped(DropReason::BackendTrapped);
    ensure!((1..=4).contains(&dropped), "{ledger:?}");
    ensure!(ledger.delivered() + dropped == 6, "{ledger:?}");
    // Records after the batch were not lost.
    ensure!(bench.next.events().contains(&completed(5)), "{ledger:?}");
    Ok(())
}

#[test]
fn a_backend_that_traps_on_every_seventh_record_loses_just_those() -> Result<()> {
    let bench = Bench::new(&Probe::new().now("unreachable").load()?)?;
    let records = (1..=700).map(|n| completed(if n % 7 == 0 { NOW } else { 1_000 + n }));
    bench.record(records);
    let ledger = bench.settle()?;
    ensure!(
        counts(&ledger, DropReason::BackendTrapped) == (700, 600, 100),
        "{ledger:?}"
    );
    bench.until("it runs again", |status| status.restarts == 100)?;
    bench.stop().map(drop)
}

#[test]
fn a_backend_that_fails_too_often_opens_the_circuit() -> Result<()> {
    let bench = Bench::with(&Probe::new().now("unreachable").load()?, |options| {
        options.restart = opening_after(3);
    })?;
    bench.record((0..10).map(|_| completed(NOW)));
    let status = bench.until("the circuit opens", |status| {
        status.state == BackendState::CircuitOpen && status.ledger.in_flight() == 0
    })?;
    ensure!(status.failures == 3, "{status:?}");
    let ledger = status.ledger;
    ensure!(
        counts(&ledger, DropReason::BackendTrapped) == (10, 0, 3),
        "{ledger:?}"
    );
    ensure!(ledger.dropped(DropReason::CircuitOpen) == 7, "{ledger:?}");

    bench.record([completed(1)]);
    ensure!(bench.ledger().dropped(DropReason::CircuitOpen) == 8);
    ensure!(bench.flush().is_err());
    // A stop does not wait for the hour to end.
    bench.stop().map(drop)
}

#[test]
fn a_half_open_circuit_closes_with_the_first_delivery() -> Result<()> {
    let bench = Bench::with(&Probe::new().now("unreachable").load()?, |options| {
        options.restart = opening_after(1);
        options.restart.open = Duration::ZERO;
    })?;
    bench.record([completed(NOW)]);
    bench.until("it is tried", |status| {
        status.state == BackendState::HalfOpen
    })?;
    bench.record([completed(1)]);
    bench.until("the circuit closes", |status| {
        status.state == BackendState::Running
    })?;
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::BackendTrapped) == (2, 1, 1),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_backend_that_cannot_be_instantiated_fails_the_start() -> Result<()> {
    let probe = Probe::new().start("unreachable").load()?;
    let started = Bench::new(&probe).map(drop);
    let error = started.err().map(|error| error.to_string());
    ensure!(
        error.as_deref()
            == Some(
                "probe: cannot start the backend: it trapped: wasm `unreachable` instruction executed"
            ),
        "{error:?}"
    );
    Ok(())
}

#[test]
fn an_optional_backend_is_retried_until_the_circuit_opens() -> Result<()> {
    let bench = Bench::with(&Probe::new().start("unreachable").load()?, |options| {
        options.must_start = false;
        options.restart = opening_after(4);
    })?;
    bench.record([completed(1)]);
    bench.until("the circuit opens", |status| {
        status.state == BackendState::CircuitOpen && status.ledger.in_flight() == 0
    })?;
    let status = bench.backend.status();
    ensure!((status.failures, status.restarts) == (4, 0), "{status:?}");
    let ledger = bench.stop()?;
    // The record waited until the circuit opened, and was then dropped.
    ensure!(
        counts(&ledger, DropReason::CircuitOpen) == (1, 0, 1),
        "{ledger:?}"
    );
    Ok(())
}

/// A backend that blocks until the test releases it.
struct Gate(Mutex<std::sync::mpsc::Receiver<()>>);

impl MetricsBackend for Gate {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {
        let gate = self.0.lock();
        let _ = gate.map(|gate| gate.recv());
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}

#[test]
fn records_beyond_the_queue_capacity_are_dropped_at_once() -> Result<()> {
    slow(|backend, events| events.iter().for_each(|event| event.record_into(backend)))?;
    slow(|backend, events| assert_eq!(backend.record_batch(events), Ok(())))
}

fn slow(record: fn(&ComponentBackend, &[Event])) -> Result<()> {
    let (open, gate) = channel();
    let mut options = options(Arc::new(Gate(Mutex::new(gate))));
    options.queue_capacity = 8;
    options.batch = 1;
    let backend = ComponentBackend::start(&Probe::new().load()?, options)?;
    record(&backend, &[completed(1); 100]);
    let ledger = backend.status().ledger;
    balanced(&ledger)?;
    let full = ledger.dropped(DropReason::QueueFull);
    // Eight records wait, and the worker has one or two.
    ensure!((90..=92).contains(&full), "{ledger:?}");
    drop(open);
    backend.stop_blocking(GUARD);
    let ledger = backend.status().ledger;
    ensure!(
        counts(&ledger, DropReason::QueueFull) == (100, 100 - full, full),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_panicking_next_backend_affects_neither_the_middleware_nor_the_next_record() -> Result<()> {
    struct Panicking;
    #[expect(clippy::panic, reason = "the test needs a panicking backend")]
    impl MetricsBackend for Panicking {
        fn record_task_started(&self, _: RunnerType) {
            panic!("a broken backend");
        }
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
    }
    let backend = ComponentBackend::start(&Probe::new().load()?, options(Arc::new(Panicking)))?;
    for event in [
        Event::TaskStarted {
            runner: RunnerType::Wasm,
        },
        completed(1),
    ] {
        event.record_into(&backend);
    }
    backend.stop_blocking(GUARD);
    let status = backend.status();
    ensure!(
        (status.failures, status.ledger.delivered()) == (0, 2),
        "{status:?}"
    );
    let forwarded = status.forwarded.unwrap_or_default();
    ensure!(
        counts(&forwarded, DropReason::BackendPanicked) == (2, 1, 1),
        "{forwarded:?}"
    );
    Ok(())
}

#[test]
fn a_failure_has_a_reason_and_a_position() -> Result<()> {
    let bench = Bench::with(
        &Probe::new().now("(loop $again (br $again))").load()?,
        |options| {
            options.deadline = Duration::from_millis(50);
            options.restart = never_opening();
        },
    )?;
    bench.record([completed(NOW)]);
    let status = bench.until("it has failed", |status| status.last_failure.is_some())?;
    let failure = status.last_failure.map(|it| it.to_string());
    ensure!(
        failure.as_deref() == Some("did not return within 50ms"),
        "{failure:?}"
    );
    bench.stop().map(drop)
}
