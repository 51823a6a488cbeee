//! A server that is not running, or whose name is not known yet.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use super::{GUARD, ONE_OF_EACH, Result, received, server, settled};
use crate::exporter::{ExporterStatus, NotFlushed};
use crate::{DropReason, MetricsBackend, RunnerType, StatsdMetrics};

#[test]
fn records_wait_for_a_server_that_is_away_and_none_counts_as_delivered() -> Result {
    // Another process can take the port before the server returns to it.
    for _ in 0..20 {
        if away_and_back()? {
            return Ok(());
        }
    }
    Err("the port was taken each time".into())
}

/// An address that refuses every datagram while this socket exists: the socket receives only
/// its own datagrams.
fn refusing() -> Result<(UdpSocket, SocketAddr)> {
    let socket = server()?;
    let address = socket.local_addr()?;
    socket.connect(address)?;
    Ok((socket, address))
}

/// Waits until an attempt to send has failed.
fn failed(metrics: &StatsdMetrics) -> Result<ExporterStatus> {
    let started = Instant::now();
    while metrics.status().failures == 0 {
        if started.elapsed() > GUARD {
            return Err(format!("no failure: {:?}", metrics.status()).into());
        }
        thread::yield_now();
    }
    Ok(metrics.status())
}

/// Returns false if another process took the port.
fn away_and_back() -> Result<bool> {
    let (socket, address) = refusing()?;
    let metrics = StatsdMetrics::builder(address.to_string())
        .gather(Duration::ZERO)
        .queue_capacity(4)
        .build()?;
    metrics.record_task_started(RunnerType::Wasm);
    let status = failed(&metrics)?;
    let error = status.last_error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with(&format!("cannot send: {address}: ")),
        "{error}"
    );
    assert_eq!(
        (status.ledger.delivered(), status.ledger.in_flight()),
        (0, 1)
    );
    // Records beyond the capacity are counted while the others wait.
    (0..6).for_each(|_| metrics.record_task_started(RunnerType::Wasm));
    let status = metrics.status();
    assert_eq!(
        (status.ledger.delivered(), status.ledger.in_flight()),
        (0, 5)
    );
    assert_eq!(status.ledger.dropped(DropReason::QueueFull), 2);

    drop(socket);
    let server = match UdpSocket::bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Ok(false),
        server => server?,
    };
    server.set_read_timeout(Some(GUARD))?;
    assert_eq!(received(&server)?, "solti.tasks_started.wasm:1|c");
    assert_eq!(received(&server)?, "solti.tasks_started.wasm:4|c");
    let status = settled(&metrics)?;
    assert_eq!(
        (status.ledger.delivered(), status.ledger.dropped_total()),
        (5, 2)
    );
    Ok(true)
}

#[test]
fn a_shutdown_does_not_wait_for_a_server_that_is_away() -> Result {
    let (_socket, address) = refusing()?;
    for address in [address.to_string(), "not..known:8125".into()] {
        let metrics = StatsdMetrics::builder(address)
            .gather(Duration::ZERO)
            .build()?;
        metrics.record_task_started(RunnerType::Wasm);
        failed(&metrics)?;
        metrics.record_task_started(RunnerType::Wasm);
        let status = metrics.shutdown(Duration::MAX);
        assert_eq!(
            (
                status.ledger.delivered(),
                status.ledger.dropped(DropReason::ShutDown)
            ),
            (0, 2)
        );
        assert_eq!(status.ledger.in_flight(), 0);
    }
    Ok(())
}

#[test]
fn a_flush_says_that_no_server_has_taken_the_records_and_they_wait() -> Result {
    let (_socket, address) = refusing()?;
    let metrics = StatsdMetrics::builder(address.to_string()).build()?;
    metrics.record_task_started(RunnerType::Wasm);
    for failures in 1..3 {
        let flushed = metrics.flush(GUARD);
        let status = metrics.status();
        assert!(status.failures >= failures);
        let NotFlushed::Refused(why) = flushed.err().ok_or("flushed")? else {
            return Err("not refused".into());
        };
        assert!(
            why.starts_with(&format!("cannot send: {address}: ")),
            "{why}"
        );
        assert_eq!(status.ledger.in_flight(), 1);
    }
    Ok(())
}

#[test]
fn a_name_that_is_not_known_yet_is_a_failure_and_not_an_error() -> Result {
    let metrics = StatsdMetrics::builder("not..known:8125")
        .gather(Duration::ZERO)
        .build()?;
    metrics.record_task_started(RunnerType::Wasm);
    let status = failed(&metrics)?;
    let error = status.last_error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with("cannot send: cannot look the server up: "),
        "{error}"
    );
    assert_eq!(
        (status.ledger.in_flight(), status.ledger.dropped_total()),
        (1, 0)
    );
    Ok(())
}

#[test]
fn dropping_the_backend_drops_records_that_no_server_takes() -> Result {
    let (_socket, address) = refusing()?;
    let metrics = StatsdMetrics::builder(address.to_string()).build()?;
    metrics.record_batch(&ONE_OF_EACH)?;
    let status = metrics.status_reader();
    drop(metrics);
    while status().ledger.in_flight() > 0 {
        thread::yield_now();
    }
    assert_eq!(
        (
            status().ledger.delivered(),
            status().ledger.dropped(DropReason::ShutDown)
        ),
        (0, 3)
    );
    Ok(())
}
