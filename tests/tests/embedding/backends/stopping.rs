//! A stop leaves no record in flight.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use solti_metrics::exporter::{Exporter, NotFlushed};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendState, RestartPolicy};

use crate::backends::bench::{Bench, GUARD, block_on, counts};
use crate::backends::probe::{NOW, Probe, completed};

#[test]
fn a_stop_delivers_the_queue_and_accepts_no_more_records() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().load()?)?;
    bench.record((1_000..11_000).map(completed));
    block_on(bench.backend.stop(GUARD));
    bench.record([completed(1)]);
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::ShutDown) == (10_001, 10_000, 1),
        "{ledger:?}"
    );
    ensure!(bench.next.events().len() == 10_000);
    Ok(())
}

#[test]
fn a_stop_ends_at_its_time_limit() -> Result<()> {
    let bench = Bench::new(&Probe::new().now("(loop $again (br $again))").load()?)?;
    bench.record([completed(NOW), completed(1), completed(2)]);
    let begun = Instant::now();
    bench.backend.stop_blocking(Duration::from_millis(50));
    // The deadline of the call is five seconds.
    ensure!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::ShutDown) == (3, 0, 3),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_stop_in_a_pause_ends_at_its_deadline() -> Result<()> {
    let bench = Bench::with(&Probe::new().now("unreachable").load()?, |options| {
        options.restart = RestartPolicy::default();
        options.restart.initial_backoff = Duration::from_secs(3600);
        options.restart.max_backoff = Duration::from_secs(3600);
    })?;
    bench.record([completed(NOW)]);
    bench.until("it pauses", |status| {
        status.state == BackendState::Restarting
    })?;
    bench.record([completed(1)]);
    bench.backend.stop_blocking(Duration::from_millis(20));
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::ShutDown) == (2, 0, 1),
        "{ledger:?}"
    );
    Ok(())
}

/// A second request can only shorten the time.
#[test]
fn a_second_stop_shortens_the_first() -> Result<()> {
    let bench = Bench::with(
        &Probe::new().now("(loop $again (br $again))").load()?,
        |options| {
            options.deadline = Duration::from_secs(3600);
        },
    )?;
    bench.record([completed(NOW)]);
    block_on(async {
        tokio::join!(
            bench.backend.stop(Duration::from_secs(3600)),
            bench.backend.stop(Duration::from_millis(20)),
            bench.backend.stop(Duration::MAX),
        )
    });
    let ledger = bench.stop()?;
    ensure!(
        counts(&ledger, DropReason::ShutDown) == (1, 0, 1),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_dropped_backend_gets_its_queued_records() -> Result<()> {
    let Bench { backend, next } = Bench::new(&Probe::new().load()?)?;
    let ledger = backend.ledger();
    for number in 0..100 {
        completed(number).record_into(&*backend);
    }
    drop(backend);
    let begun = Instant::now();
    while ledger.snapshot().in_flight() > 0 {
        ensure!(begun.elapsed() < GUARD, "{ledger:?}");
        std::thread::yield_now();
    }
    ensure!(next.events().len() == 100, "{ledger:?}");
    Ok(())
}

#[test]
fn a_component_is_flushed_and_shut_down_like_other_exporters() -> Result<()> {
    let bench = Bench::new(&Probe::new().batch().load()?)?;
    let exporter: &dyn Exporter = &*bench.backend;
    bench.record((1_000..1_100).map(completed));
    exporter.flush(GUARD)?;
    let status = exporter.status();
    ensure!(status.ledger.delivered() == 100, "{status:?}");
    ensure!(
        status.attempts > 0 && status.failures == 0 && status.last_error.is_none(),
        "{status:?}"
    );
    ensure!(
        status.queued == 0 && status.queue_capacity.is_some(),
        "{status:?}"
    );
    bench.record([completed(1_000)]);
    let ledger = exporter.shutdown(GUARD).ledger;
    let found = (ledger.accepted(), ledger.delivered(), ledger.in_flight());
    ensure!(found == (101, 101, 0), "{ledger:?}");
    ensure!(exporter.flush(GUARD) == Err(NotFlushed::ShutDown));
    Ok(())
}

#[test]
fn a_flush_of_a_hanging_component_ends_at_its_time_limit() -> Result<()> {
    let bench = Bench::new(&Probe::new().now("(loop $again (br $again))").load()?)?;
    bench.record([completed(NOW)]);
    let within = Duration::from_millis(20);
    let flushed = Exporter::flush(&*bench.backend, within);
    ensure!(flushed == Err(NotFlushed::TooSlow(within)), "{flushed:?}");
    bench.backend.stop_blocking(Duration::ZERO);
    Ok(())
}
