//! The optional interfaces: each is used if the component exports it, and only then.

use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::NotRunning;

use crate::backends::bench::{Bench, block_on, counts};
use crate::backends::probe::{NOW, Probe, completed};

/// The record that the probe makes at a flush.
const FLUSHED: Event = Event::RunnerError {
    runner: RunnerType::Container,
    error: RunnerErrorKind::CgroupPrepareFailed,
};

#[test]
fn a_flush_comes_after_all_earlier_records() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().lifecycle().load()?)?;
    bench.record((0..5_000).map(completed).filter(|e| *e != completed(NOW)));
    bench.flush()?;
    let events = bench.next.events();
    ensure!(events.len() == 5_000 && events.last() == Some(&FLUSHED));
    bench.stop().map(drop)
}

#[test]
fn a_backend_is_flushed_at_intervals_and_at_a_stop() -> Result<()> {
    let bench = Bench::with(&Probe::new().lifecycle().load()?, |options| {
        options.flush_interval = Duration::ZERO;
    })?;
    bench.record([completed(1)]);
    bench.until("it is flushed", |_| {
        bench.next.events() == [completed(1), FLUSHED]
    })?;
    bench.stop()?;
    ensure!(bench.next.events() == [completed(1), FLUSHED, FLUSHED]);
    Ok(())
}

#[test]
fn the_error_of_a_failed_flush_is_returned() -> Result<()> {
    let bench = Bench::new(&Probe::new().failing_lifecycle().load()?)?;
    ensure!(bench.flush() == Err(NotRunning::Refused("disk full".into())));
    let status = bench.backend.status();
    ensure!(
        status.flush_error.as_deref() == Some("disk full"),
        "{status:?}"
    );
    ensure!(status.failures == 0, "a failure is counted: {status:?}");
    bench.stop().map(drop)
}

#[test]
fn a_flush_without_the_interface_lifecycle_delivers_the_records() -> Result<()> {
    let bench = Bench::new(&Probe::new().load()?)?;
    bench.record([completed(1)]);
    bench.flush()?;
    ensure!(bench.next.events() == [completed(1)]);
    bench.stop().map(drop)
}

#[test]
fn an_exposition_is_returned_unchanged_and_complete() -> Result<()> {
    let expose = |probe: Probe| -> Result<_> {
        let bench = Bench::new(&probe.load()?)?;
        let exposed = block_on(bench.backend.expose());
        bench.stop()?;
        Ok(exposed)
    };
    let whole = "a_total 1\n# EOF\n";
    ensure!(expose(Probe::new().exposition(whole))? == Ok(whole.into()));
    let half = expose(Probe::new().exposition("a_total 1\n"))?;
    ensure!(
        matches!(&half, Err(NotRunning::Refused(said)) if said.contains("# EOF")),
        "{half:?}"
    );
    let none = expose(Probe::new())?;
    ensure!(
        none == Err(NotRunning::Unsupported("exposition")),
        "{none:?}"
    );
    Ok(())
}

#[test]
fn records_that_a_backend_discards_are_dropped_for_its_reason() -> Result<()> {
    let bench = Bench::with(&Probe::new().accounting(2, 1).load()?, |options| {
        options.batch = 4;
        options.linger = Duration::from_secs(30);
    })?;
    bench.record((0..4).map(completed));
    let ledger = bench.stop()?;
    // The component reports after each call, for single calls and batches.
    let (sampled, failed) = (
        ledger.dropped(DropReason::Sampled),
        ledger.dropped(DropReason::BackendFailed),
    );
    ensure!(sampled >= 2 && sampled + failed <= 4, "{ledger:?}");
    ensure!(ledger.delivered() == 4 - sampled - failed, "{ledger:?}");
    Ok(())
}

/// The report counts only for the records of the same call.
#[test]
fn a_backend_that_claims_too_much_cannot_unbalance_the_ledger() -> Result<()> {
    let bench = Bench::new(&Probe::new().accounting(u64::MAX, u64::MAX).load()?)?;
    bench.record((0..100).map(completed));
    let ledger = bench.settle()?;
    ensure!(
        counts(&ledger, DropReason::Sampled) == (100, 0, 100),
        "{ledger:?}"
    );
    bench.stop().map(drop)
}

#[test]
fn a_backend_with_batches_can_get_single_records() -> Result<()> {
    let trapping = Probe::new().batch().now("unreachable").load()?;
    let bench = Bench::with(&trapping, |options| options.batches = false)?;
    let records: Vec<_> = [1, 2, NOW, 3, 4].into_iter().map(completed).collect();
    bench.backend.record_batch(&records)?;
    let ledger = bench.settle()?;
    // In a batch, other records would have been dropped with it.
    let trapped = counts(&ledger, DropReason::BackendTrapped);
    ensure!(trapped == (5, 4, 1), "{ledger:?}");
    bench.stop().map(drop)
}

#[test]
fn a_status_has_the_memory_and_the_busy_time_of_a_backend() -> Result<()> {
    const PAGE: u64 = 65_536;
    let growing = Probe::new()
        .now("(drop (memory.grow (i32.const 1)))")
        .load()?;
    let bench = Bench::new(&growing)?;
    let status = bench.backend.status();
    // The memory includes the data of the instances.
    let begins = status.memory_bytes;
    ensure!(
        (begins / PAGE, status.busy) == (2, Duration::ZERO),
        "{status:?}"
    );
    bench.record([completed(NOW), completed(1), completed(NOW)]);
    bench.settle()?;
    let status = bench.backend.status();
    ensure!(
        status.memory_bytes == begins + 2 * PAGE && status.busy > Duration::ZERO,
        "{status:?}"
    );
    bench.replace(&growing)?;
    ensure!(bench.backend.status().memory_bytes == begins, "{status:?}");
    bench.stop()?;
    ensure!(bench.backend.status().memory_bytes == 0, "{status:?}");
    Ok(())
}
