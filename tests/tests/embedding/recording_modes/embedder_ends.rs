//! An embedder's inline mode delivers the records before each end of a call, in order, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome};
use solti_metrics_host::inline::{Recorded, drain_at_ticks};
use solti_metrics_host::{Ledger, MetricsCtx};
use solti_metrics_tests::runs::{End, block_on, until};
use wasmtime::{Store, UpdateDeadline};

use super::embedder::{Embedder, Guest, State, embedders, run};
use super::guests::{counting, endless, ensure_counted, once_for_each_argument, times};

/// Capacity of a ring, as in `host/src/inline/ring.rs`.
const RING: usize = 256;

/// A guest in a store, and its results.
struct Running {
    guest: Guest,
    store: Store<Recorded<State>>,
    memory: Arc<MemoryMetrics>,
    ledger: Ledger,
}

impl Running {
    fn new(embedder: &Embedder, guest: Guest, records: usize) -> Self {
        let memory = Arc::new(MemoryMetrics::new());
        let handle = memory.clone() as MetricsHandle;
        let metrics = MetricsCtx::builder().handle(handle).build();
        let ledger = metrics.ledger();
        Self {
            guest,
            // The first argument is the name of the program.
            store: embedder.store(metrics, 1 + records),
            memory,
            ledger,
        }
    }

    /// Checks that all records were delivered, from the first on, and in order.
    fn ensure_delivered(&self) -> Result<usize> {
        let (events, ledger) = (self.memory.events(), self.ledger.snapshot());
        ensure_counted(&events)?;
        ensure!(ledger.delivered() == events.len() as u64, "{ledger:?}");
        ensure!(ledger.in_flight() == 0, "{ledger:?}");
        Ok(events.len())
    }

    /// Runs the guest until its backend has this number of records, and drops its future.
    fn run_until(&mut self, wanted: usize) -> Result<()> {
        let memory = self.memory.clone();
        let (guest, store) = (self.guest.clone(), &mut self.store);
        block_on(async {
            let enough =
                until(|| memory.completed(RunnerType::Container, TaskOutcome::Timeout) >= wanted);
            tokio::select! {
                end = run(&guest, store) => anyhow::bail!("the guest ended by itself: {end:?}"),
                () = enough => Ok(()),
            }
        })
    }
}

#[test]
fn a_trap_loses_no_earlier_record() -> Result<()> {
    let trapping = once_for_each_argument("unreachable")?;
    for embedder in embedders()? {
        let guest = embedder.load(&trapping)?;
        for records in 0..=2 * RING {
            let mut running = Running::new(&embedder, guest.clone(), records);
            let end = block_on(async { Ok(run(&running.guest, &mut running.store).await) })?;
            ensure!(end == End::Trapped, "{records}: {end:?}");
            let delivered = running.ensure_delivered();
            ensure!(delivered.with_context(|| records.to_string())? == records);
        }
    }
    Ok(())
}

#[test]
fn a_stack_overflow_leaves_earlier_records_in_order() -> Result<()> {
    let deep = times(0, "(call $deep)")?;
    for embedder in embedders()? {
        let mut running = Running::new(&embedder, embedder.load(&deep)?, 0);
        let end = block_on(async { Ok(run(&running.guest, &mut running.store).await) })?;
        ensure!(end == End::Other("stack overflow".into()), "{end:?}");
        ensure!(running.ensure_delivered()? > RING);
    }
    Ok(())
}

#[test]
fn a_call_dropped_at_any_point_has_delivered_its_records_when_its_store_is_dropped() -> Result<()> {
    let endless = endless()?;
    for embedder in embedders()? {
        let (guest, _ticks) = (embedder.load(&endless)?, embedder.ticks());
        for wanted in [1, RING - 1, RING, RING + 1, 3_000] {
            let mut running = Running::new(&embedder, guest.clone(), 0);
            running.run_until(wanted)?;
            let Running {
                store,
                memory,
                ledger,
                ..
            } = running;
            drop(store);
            let (events, ledger) = (memory.events(), ledger.snapshot());
            ensure_counted(&events)?;
            ensure!(events.len() >= wanted && ledger.delivered() == events.len() as u64);
            ensure!(ledger.in_flight() == 0, "{ledger:?}");
        }
    }
    Ok(())
}

#[test]
fn a_call_interrupted_at_any_tick_has_delivered_its_records() -> Result<()> {
    let endless = endless()?;
    for embedder in embedders()? {
        let (guest, _ticks) = (embedder.load(&endless)?, embedder.ticks());
        for last in [0, 1, 50] {
            let mut running = Running::new(&embedder, guest.clone(), 0);
            let ticks = AtomicUsize::new(0);
            drain_at_ticks(&mut running.store, move |_| {
                Ok(match ticks.fetch_add(1, Ordering::Relaxed) < last {
                    true => UpdateDeadline::Yield(1),
                    false => UpdateDeadline::Interrupt,
                })
            });
            let end = block_on(async { Ok(run(&running.guest, &mut running.store).await) })?;
            ensure!(end == End::Other("interrupt".into()), "{end:?}");
            running.ensure_delivered()?;
        }
    }
    Ok(())
}

#[test]
fn records_before_a_wait_are_visible_during_the_wait() -> Result<()> {
    // No tick drains the ring.
    let wait = "(call $block (call $subscribe (i64.const 86400000000000)))";
    let waiting = counting(&format!("(call $next) (call $next) (call $next) {wait}"))?;
    for embedder in embedders()? {
        let mut running = Running::new(&embedder, embedder.load(&waiting)?, 0);
        running.run_until(3)?;
        ensure!(running.ensure_delivered()? == 3);
    }
    Ok(())
}

#[test]
fn records_before_a_long_computation_are_visible_during_it() -> Result<()> {
    let busy = counting("(call $next) (call $next) (call $next) (loop $again (br $again))")?;
    for embedder in embedders()? {
        let _ticks = embedder.ticks();
        let mut running = Running::new(&embedder, embedder.load(&busy)?, 0);
        running.run_until(3)?;
        ensure!(running.ensure_delivered()? == 3);
    }
    Ok(())
}

#[test]
fn a_guest_that_returns_has_delivered_its_records() -> Result<()> {
    for records in [0, 1, RING - 1, RING, RING + 1] {
        let returning = times(records, "")?;
        for embedder in embedders()? {
            let mut running = Running::new(&embedder, embedder.load(&returning)?, 0);
            let end = block_on(async { Ok(run(&running.guest, &mut running.store).await) })?;
            ensure!(end == End::Exited(0), "{end:?}");
            ensure!(running.ensure_delivered()? == records);
        }
    }
    Ok(())
}
