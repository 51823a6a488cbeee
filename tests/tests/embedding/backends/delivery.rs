//! Delivery to a healthy backend.

use std::sync::Arc;
use std::thread;

use anyhow::{Result, ensure};
use solti_metrics::{Event, MetricsBackend, MetricsHandle, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendState, ComponentBackend};
use solti_metrics_tests::script::script;

use crate::backends::bench::{Bench, GUARD, counts, options};
use crate::backends::probe::{Probe, completed};

#[test]
fn every_record_arrives_in_order_one_by_one_and_in_batches() -> Result<()> {
    for (way, probe) in [
        ("one by one", Probe::new()),
        ("batches", Probe::new().batch()),
    ] {
        let bench = Bench::new(&probe.load()?)?;
        bench.record(script());
        bench.flush()?;
        ensure!(bench.next.events() == script(), "{way}");
        let ledger = bench.stop()?;
        let made = script().len() as u64;
        ensure!(
            counts(&ledger, DropReason::Quota) == (made, made, 0),
            "{way}"
        );
        let forwarded = bench.backend.status().forwarded;
        ensure!(forwarded.is_some_and(|ledger| ledger.delivered() == made));
    }
    Ok(())
}

/// Tests with capacity for all records, and with a stop before the last of them.
#[test]
fn a_batch_leaves_the_ledger_and_the_order_of_single_calls() -> Result<()> {
    let events: Vec<_> = (1_000..6_000).map(completed).collect();
    let (before, after) = events.split_at(4_000);
    let mut left = Vec::new();
    for size in [1, 7, 1_024, 4_000] {
        let bench = Bench::new(&Probe::new().batch().load()?)?;
        let record = |events: &[Event]| match size {
            1 => {
                bench.record(events.iter().copied());
                Ok(())
            }
            _ => events
                .chunks(size)
                .try_for_each(|batch| bench.backend.record_batch(batch)),
        };
        record(before)?;
        bench.stop()?;
        record(after)?;
        let ledger = bench.ledger();
        ensure!(
            counts(&ledger, DropReason::ShutDown) == (5_000, 4_000, 1_000),
            "{size}: {ledger:?}"
        );
        ensure!(bench.next.events() == before, "{size}: another sequence");
        left.push(ledger);
    }
    ensure!(left.windows(2).all(|two| two[0] == two[1]), "{left:?}");
    Ok(())
}

/// A record arrives without a flush and without a query of the status.
#[test]
fn a_single_record_arrives_without_a_flush() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().load()?)?;
    for number in 1..100 {
        bench.record([completed(number)]);
        bench.settle()?;
        ensure!(bench.next.events().len() as u64 == number);
    }
    bench.stop().map(drop)
}

/// The records are fewer than a full batch, and none follows.
#[test]
fn a_partial_batch_arrives_without_a_flush() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().load()?)?;
    for number in 1..100 {
        bench.backend.record_batch(&[completed(number); 3])?;
        bench.settle()?;
        ensure!(bench.next.events().len() as u64 == 3 * number);
    }
    bench.stop().map(drop)
}

#[test]
fn each_thread_s_records_arrive_in_the_order_made() -> Result<()> {
    const THREADS: u64 = 4;
    const RECORDS: u64 = 20_000;
    let bench = Bench::with(&Probe::new().batch().load()?, |options| {
        options.queue_capacity = 1 << 20;
    })?;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let backend = &bench.backend;
            scope.spawn(move || {
                let records = (0..RECORDS).map(|n| completed(1_000 + n * THREADS + thread));
                if thread % 2 == 0 {
                    records.for_each(|record| record.record_into(&**backend));
                } else {
                    let records: Vec<_> = records.collect();
                    for batch in records.chunks(100) {
                        assert_eq!(backend.record_batch(batch), Ok(()));
                    }
                }
            });
        }
    });
    let ledger = bench.stop()?;
    ensure!(ledger.delivered() == THREADS * RECORDS, "{ledger:?}");
    let mut next = [0; THREADS as usize];
    for event in bench.next.events() {
        if let Event::TaskCompleted { duration_ms, .. } = event {
            let made = duration_ms - 1_000;
            let thread = usize::try_from(made % THREADS)?;
            ensure!(made / THREADS == next[thread], "thread {thread}: {made}");
            next[thread] += 1;
        }
    }
    ensure!(next == [RECORDS; THREADS as usize], "{next:?}");
    Ok(())
}

#[test]
fn a_chain_of_middlewares_forwards_all_records() -> Result<()> {
    let last = Bench::new(&Probe::new().batch().load()?)?;
    let handle: MetricsHandle = last.backend.clone();
    let first = ComponentBackend::start(
        &Probe::new().renaming(RunnerType::Container).load()?,
        options(handle),
    )?;
    for event in script() {
        event.record_into(&first);
    }
    first.stop_blocking(GUARD);
    last.stop()?;
    let events = last.next.events();
    ensure!(events.len() == script().len());
    ensure!(
        events
            .iter()
            .all(|event| event.runner() == RunnerType::Container)
    );
    Ok(())
}

#[test]
fn a_status_describes_the_backend() -> Result<()> {
    let bench = Bench::with(&Probe::new().batch().lifecycle().load()?, |options| {
        options.name = Some("tenant-7".into());
        options.queue_capacity = 128;
    })?;
    let status = bench.backend.status();
    ensure!(&*status.name == "tenant-7" && status.state == BackendState::Running);
    ensure!((status.queue_capacity, status.queue_length) == (128, 0));
    ensure!(status.optional_interfaces.names() == ["batch", "lifecycle"]);
    ensure!((status.failures, status.restarts, status.replacements) == (0, 0, 0));
    bench.stop()?;
    ensure!(bench.backend.status().state == BackendState::Stopped);
    Ok(())
}

/// A backend is a metrics handle: a shared trait object.
#[test]
fn a_component_backend_is_a_metrics_handle() -> Result<()> {
    let bench = Bench::new(&Probe::new().load()?)?;
    let handle: MetricsHandle = Arc::clone(&bench.backend) as MetricsHandle;
    handle.record_task_started(RunnerType::Wasm);
    bench.stop()?;
    ensure!(bench.next.started(RunnerType::Wasm) == 1);
    Ok(())
}
