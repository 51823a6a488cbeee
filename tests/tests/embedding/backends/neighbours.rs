//! Guests and other backends are unaffected.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{FanoutMetrics, MemoryMetrics, MetricsHandle};
use solti_metrics_host::DropReason;
use solti_metrics_host::runner::{Runner, Task, TaskEnd};
use solti_metrics_tests::guest;

use crate::backends::bench::{Bench, balanced, block_on};
use crate::backends::probe::{NOW, Probe, completed};
use crate::panicking::Panicking;

#[test]
fn a_healthy_backend_gets_all_records_next_to_broken_ones() -> Result<()> {
    let looping = Bench::with(
        &Probe::new().now("(loop $again (br $again))").load()?,
        |options| {
            options.deadline = Duration::from_millis(50);
        },
    )?;
    let trapping = Bench::new(&Probe::new().now("unreachable").load()?)?;
    let healthy = Arc::new(MemoryMetrics::new());
    let all = FanoutMetrics::new([
        looping.backend.clone() as MetricsHandle,
        Arc::new(Panicking),
        trapping.backend.clone(),
        healthy.clone(),
    ]);
    let records: Vec<_> = (0..100)
        .map(|n| completed(if n % 10 == 0 { NOW } else { n }))
        .collect();
    for event in &records {
        event.record_into(&all);
    }
    // The healthy backend has all records already.
    ensure!(healthy.events() == records);
    let panicked: Vec<_> = all.panicked().collect();
    ensure!(panicked == [0, 100, 0, 0], "{panicked:?}");
    for (bench, reason) in [
        (&looping, DropReason::BackendTimedOut),
        (&trapping, DropReason::BackendTrapped),
    ] {
        let ledger = bench.stop()?;
        ensure!(
            (ledger.accepted(), ledger.dropped(reason)) == (100, 10),
            "{ledger:?}"
        );
    }
    Ok(())
}

/// Eight guests at once, each at full speed.
#[test]
fn a_flood_of_eight_guests_is_accounted_for_on_both_sides() -> Result<()> {
    const GUESTS: u64 = 8;
    const RECORDS: u64 = 50_000;
    let flood = guest::component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $left i32)
                (local.set $left (i32.const {RECORDS}))
                (loop $again
                    (call $completed (i32.const 2) (i32.const 0) (i64.const 1))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                i32.const 0))"#
    ))?;
    let bench = Bench::with(&Probe::new().batch().load()?, |options| {
        // Too little for a flood.
        options.queue_capacity = 1_024;
    })?;
    let runner = Runner::builder(bench.backend.clone() as MetricsHandle).build()?;
    let program = runner.load("flood", &flood)?;
    block_on(async {
        let tasks = (0..GUESTS).map(|_| {
            let (runner, program) = (runner.clone(), program.clone());
            tokio::spawn(async move { runner.run(&program, Task::new()).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            let report = task.await??;
            ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
            ensure!(report.ledger.delivered() == RECORDS, "{:?}", report.ledger);
        }
        Ok(())
    })?;
    let guests = runner.guest_ledger();
    balanced(&guests)?;
    let ledger = bench.stop()?;
    // The runner itself makes two records for each task.
    ensure!(
        ledger.accepted() == guests.delivered() + 2 * GUESTS,
        "{ledger:?}"
    );
    ensure!(
        ledger.delivered() == bench.next.events().len() as u64,
        "{ledger:?}"
    );
    ensure!(
        ledger.delivered() + ledger.dropped(DropReason::QueueFull) == ledger.accepted(),
        "{ledger:?}"
    );
    Ok(())
}
