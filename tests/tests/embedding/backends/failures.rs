//! Whatever a backend does, each record is accounted for, and it is tried again.

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

/// How a backend fails, and under which reason its records are dropped then.
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
fn what_it_was_given_when_it_failed_is_dropped_and_the_rest_is_not() -> Result<()> {
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

/// Nobody knows how much of it was kept.
#[test]
fn a_batch_under_way_is_dropped_as_a_whole() -> Result<()> {
    let bench = Bench::with(
        &Probe::new().batch().now("unreachable").load()?,
        |options| {
            // So that nothing is handed over before all of it is there.
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
    // What came after the batch was not lost with it.
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
fn a_backend_that_fails_too_often_is_left_alone() -> Result<()> {
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
    // Stopping waits for no hour.
    bench.stop().map(drop)
}

#[test]
fn a_circuit_that_is_tried_again_closes_with_the_first_delivery() -> Result<()> {
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
fn a_backend_that_cannot_be_instantiated_is_an_error_of_the_start() -> Result<()> {
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
fn a_backend_that_need_not_start_is_tried_until_the_circuit_opens() -> Result<()> {
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
    // Before the circuit opened it waited, and then it was dropped.
    ensure!(
        counts(&ledger, DropReason::CircuitOpen) == (1, 0, 1),
        "{ledger:?}"
    );
    Ok(())
}

/// A backend that does not return before it is allowed to.
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
fn what_a_slow_backend_has_no_room_for_is_dropped_at_once() -> Result<()> {
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
    // Eight wait, and one or two are with the worker.
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
fn a_next_backend_that_panics_harms_neither_the_middleware_nor_the_record_behind() -> Result<()> {
    struct Panicking;
    #[expect(clippy::panic, reason = "a backend that panics is what is tested")]
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
fn a_failure_says_what_and_where() -> Result<()> {
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
