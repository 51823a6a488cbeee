//! The optional interfaces: each is used if it is there, and only then.

use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::NotRunning;

use crate::backends::bench::{Bench, block_on, counts};
use crate::backends::probe::{NOW, Probe, completed};

/// What the probe says when it is flushed.
const FLUSHED: Event = Event::RunnerError {
    runner: RunnerType::Container,
    error: RunnerErrorKind::CgroupPrepareFailed,
};

#[test]
fn a_flush_comes_after_everything_recorded_before() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().lifecycle().load()?)?;
    bench.record((0..5_000).map(completed).filter(|e| *e != completed(NOW)));
    bench.flush()?;
    let events = bench.next.events();
    ensure!(events.len() == 5_000 && events.last() == Some(&FLUSHED));
    bench.stop().map(drop)
}

#[test]
fn a_backend_is_flushed_from_time_to_time_and_when_it_stops() -> Result<()> {
    let bench = Bench::with(&Probe::new().lifecycle().load()?, |options| {
        options.flush_every = Duration::ZERO;
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
fn what_a_backend_says_of_a_failed_flush_is_passed_on() -> Result<()> {
    let bench = Bench::new(&Probe::new().failing_lifecycle().load()?)?;
    ensure!(bench.flush() == Err(NotRunning::Refused("disk full".into())));
    let status = bench.backend.status();
    ensure!(
        status.flush_error.as_deref() == Some("disk full"),
        "{status:?}"
    );
    ensure!(status.failures == 0, "it is no failure: {status:?}");
    bench.stop().map(drop)
}

#[test]
fn a_backend_without_a_lifecycle_is_flushed_by_handing_over() -> Result<()> {
    let bench = Bench::new(&Probe::new().load()?)?;
    bench.record([completed(1)]);
    bench.flush()?;
    ensure!(bench.next.events() == [completed(1)]);
    bench.stop().map(drop)
}

#[test]
fn an_exposition_is_passed_on_as_it_is_and_only_whole() -> Result<()> {
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
fn records_that_came_to_nothing_are_dropped_for_the_reason_given() -> Result<()> {
    let bench = Bench::with(&Probe::new().accounting(2, 1).load()?, |options| {
        options.batch = 4;
        options.linger = Duration::from_secs(30);
    })?;
    bench.record((0..4).map(completed));
    let ledger = bench.stop()?;
    // It says so after each call, be it one call or several.
    let (sampled, failed) = (
        ledger.dropped(DropReason::Sampled),
        ledger.dropped(DropReason::BackendFailed),
    );
    ensure!(sampled >= 2 && sampled + failed <= 4, "{ledger:?}");
    ensure!(ledger.delivered() == 4 - sampled - failed, "{ledger:?}");
    Ok(())
}

/// It speaks for the records that it was just given, and for no others.
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
fn a_backend_that_takes_batches_can_be_given_records_one_by_one() -> Result<()> {
    let trapping = Probe::new().batch().now("unreachable").load()?;
    let bench = Bench::with(&trapping, |options| options.batches = false)?;
    let records: Vec<_> = [1, 2, NOW, 3, 4].into_iter().map(completed).collect();
    bench.backend.record_batch(&records)?;
    let ledger = bench.settle()?;
    // In a batch, others would have gone with it.
    let trapped = counts(&ledger, DropReason::BackendTrapped);
    ensure!(trapped == (5, 4, 1), "{ledger:?}");
    bench.stop().map(drop)
}

#[test]
fn the_memory_of_a_backend_is_told_as_it_grows_and_how_long_it_was_at_work() -> Result<()> {
    const PAGE: u64 = 65_536;
    let growing = Probe::new()
        .now("(drop (memory.grow (i32.const 1)))")
        .load()?;
    let bench = Bench::new(&growing)?;
    let status = bench.backend.status();
    // With what the data of its instances takes.
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
