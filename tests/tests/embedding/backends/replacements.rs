//! Replacing one provider for another, while records come.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendState, Grants, Providers};
use solti_metrics_tests::guest;

use crate::backends::bench::{Bench, counts, opening_after};
use crate::backends::probe::{NOW, Probe, completed};

const REPLACEMENTS: u64 = 20;
const THREADS: u64 = 4;

#[test]
fn no_record_is_lost_or_doubled_by_replacements_under_load() -> Result<()> {
    // The new instance takes the records that the old one does not take in time.
    for drain_timeout in [Duration::from_secs(5), Duration::ZERO] {
        replacements_under_load(drain_timeout)?;
    }
    Ok(())
}

fn replacements_under_load(drain_timeout: Duration) -> Result<()> {
    let versions = [RunnerType::Subprocess, RunnerType::Container]
        .map(|runner| Probe::new().batch().lifecycle().renaming(runner).load());
    let [old, new] = versions;
    let versions = [old?, new?];
    let bench = Bench::with(&versions[0], |options| {
        options.queue_capacity = 1 << 22;
        options.drain_timeout = drain_timeout;
    })?;
    let stop = AtomicBool::new(false);
    let made = thread::scope(|scope| -> Result<Vec<u64>> {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (backend, stop) = (&bench.backend, &stop);
                scope.spawn(move || {
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) && number < 200_000 {
                        completed(1_000 + number * THREADS + thread).record_into(&**backend);
                        number += 1;
                        if number % 64 == 0 {
                            thread::yield_now();
                        }
                    }
                    number
                })
            })
            .collect();
        for swap in 1..=REPLACEMENTS {
            let version = &versions[usize::from(swap % 2 == 1)];
            let replaced = bench.replace(version);
            if replaced.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            replaced?;
        }
        stop.store(true, Ordering::Relaxed);
        Ok(threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default())
            .collect())
    })?;
    let ledger = bench.stop()?;
    let all: u64 = made.iter().sum();
    ensure!(
        counts(&ledger, DropReason::QueueFull) == (all, all, 0),
        "{ledger:?}"
    );
    ensure!(bench.backend.status().replacements == REPLACEMENTS);

    ensure!(
        bench.next.forgotten() == 0,
        "too many records for the memory backend"
    );
    // The records arrive in order, each once. Each replacement shows as a flush of the
    // old provider after all its records.
    let mut next = [0; THREADS as usize];
    let (mut flushes, mut runners) = (0, Vec::new());
    for event in bench.next.events() {
        match event {
            Event::TaskCompleted {
                duration_ms,
                runner,
                ..
            } => {
                let number = duration_ms - 1_000;
                let thread = usize::try_from(number % THREADS)?;
                ensure!(
                    number / THREADS == next[thread],
                    "thread {thread}: {number}"
                );
                next[thread] += 1;
                if runners.last() != Some(&runner) {
                    runners.push(runner);
                }
            }
            Event::RunnerError {
                error: RunnerErrorKind::CgroupPrepareFailed,
                ..
            } => flushes += 1,
            other => anyhow::bail!("{other:?}"),
        }
    }
    ensure!(next.to_vec() == made, "{next:?}, made {made:?}");
    ensure!(flushes >= REPLACEMENTS, "{flushes} flushes");
    ensure!(
        runners.len() as u64 <= REPLACEMENTS + 1,
        "a record went to an old one"
    );
    Ok(())
}

#[test]
fn the_old_provider_continues_if_the_new_one_cannot_start() -> Result<()> {
    let bench = Bench::new(&Probe::new().load()?)?;
    bench.record([completed(1)]);
    let broken = Probe::new().start("unreachable").load()?;
    let error = bench.replace(&broken).err().map(|error| error.to_string());
    ensure!(
        error.as_deref()
            == Some(
                "probe: cannot start the backend: it trapped: wasm `unreachable` instruction executed"
            ),
        "{error:?}"
    );
    bench.record([completed(2)]);
    let status = bench.backend.status();
    ensure!(
        (status.replacements, status.failures) == (0, 0),
        "{status:?}"
    );
    let ledger = bench.stop()?;
    ensure!(ledger.delivered() == 2, "{ledger:?}");
    Ok(())
}

#[test]
fn an_old_provider_that_fails_at_its_end_does_not_delay_the_new_one() -> Result<()> {
    let bench = Bench::with(&Probe::new().now("unreachable").load()?, |options| {
        options.restart = opening_after(1);
    })?;
    bench.record([completed(NOW)]);
    bench.replace(&Probe::new().load()?)?;
    bench.record([completed(NOW)]);
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::BackendTrapped) == (2, 1, 1),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_replacement_closes_an_open_circuit() -> Result<()> {
    let bench = Bench::with(&Probe::new().now("unreachable").load()?, |options| {
        options.restart = opening_after(1);
    })?;
    bench.record([completed(NOW)]);
    bench.until("the circuit opens", |status| {
        status.state == BackendState::CircuitOpen
    })?;
    bench.replace(&Probe::new().load()?)?;
    let status = bench.backend.status();
    ensure!(status.state == BackendState::Running, "{status:?}");
    bench.record([completed(NOW)]);
    let ledger = bench.stop()?;
    ensure!(ledger.delivered() == 1, "{ledger:?}");
    Ok(())
}

#[test]
fn a_provider_and_a_middleware_never_replace_each_other() -> Result<()> {
    let forwards = Probe::new().load()?;
    let keeps = guest::component(
        r#"(module
            (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
            (func (export "solti:metrics/backend@0.1.0#record-task-completed")
                (param i32 i32 i64))
            (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))"#,
    )?;
    let keeps = Providers::new()?.load("keeps", &keeps, &Grants::new())?;
    for (old, new, said) in [
        (&forwards, &keeps, "keeps: cannot replace a middleware"),
        (&keeps, &forwards, "probe: cannot replace a backend"),
    ] {
        let bench = Bench::new(old)?;
        let error = bench.replace(new).err().map(|error| error.to_string());
        ensure!(
            error.as_ref().is_some_and(|error| error.starts_with(said)),
            "{error:?}"
        );
        bench.record([completed(1)]);
        let ledger = bench.stop()?;
        ensure!(ledger.delivered() == 1, "{ledger:?}");
        ensure!(bench.backend.status().replacements == 0);
    }
    Ok(())
}

#[test]
fn a_stopped_backend_is_not_replaced() -> Result<()> {
    let bench = Bench::new(&Probe::new().load()?)?;
    bench.stop()?;
    let error = bench.replace(&Probe::new().load()?).err();
    let error = error.map(|error| error.to_string());
    ensure!(
        error.as_deref() == Some("probe: the backend was stopped"),
        "{error:?}"
    );
    Ok(())
}
