//! Tests with more connections than the server accepts.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::thread;

use anyhow::{Result, ensure};

use super::client::{ask, connect, read, send, until_closed};
use super::served::{Served, until};
use crate::http::HttpLimits;

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_silent_connections_do_not_block_others() -> Result<()> {
    let mut limits = HttpLimits::default();
    // The clients do not disconnect.
    (limits.connections, limits.head) = (64, super::client::GUARD);
    let served = Served::start(limits).await?;
    let idle: Vec<_> = (0..300)
        .map(|_| connect(served.server.address))
        .collect::<Result<_>>()?;
    let answer = ask(served.server.address, "GET /metrics", "")?;
    ensure!(answer.status() == Some(200), "{}", answer.head);
    // Each connection above the limit evicted an earlier one.
    ensure!(
        served.hits.rejected() == 300 + 1 - 64,
        "{}",
        served.hits.rejected()
    );
    drop(idle);
    until("all are gone", || served.hits.open() == 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_are_answered_while_all_connections_wait() -> Result<()> {
    let limits = HttpLimits {
        connections: 2,
        probes: 1,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let address = served.server.address;
    // Two different pages: a single page would be shared by both requests.
    let line = |number| format!("GET /backends/gated{number}/metrics");
    let waiting = [0, 1].map(|it| send(address, &line(it), ""));
    until("both are being answered", || {
        served.shelf.inside.load(Ordering::SeqCst) == 2
    })
    .await?;
    for probe in ["GET /healthz", "HEAD /readyz"] {
        let answer = ask(address, probe, "")?;
        ensure!(answer.status() == Some(200), "{probe}: {}", answer.head);
        ensure!(answer.header("connection") == Some("close"));
        until("its place is free", || served.hits.open() == 2).await?;
    }
    ensure!(served.hits.rejected() == 0);
    let answer = ask(address, "GET /metrics", "")?;
    ensure!(answer.status() == Some(503), "{}", answer.head);
    ensure!(answer.header("retry-after") == Some("1"), "{}", answer.head);
    ensure!(served.hits.rejected() == 1);
    until("its place is free", || served.hits.open() == 2).await?;
    // A connection that waits for a request is evicted for one that has a request.
    let mut idle = connect(address)?;
    until("it has a place", || served.hits.open() == 3).await?;
    ensure!(ask(address, "GET /healthz", "")?.status() == Some(200));
    ensure!(until_closed(&mut idle)?.is_empty());
    served.shelf.gate.add_permits(2);
    for stream in waiting {
        ensure!(read(stream?)?.status() == Some(200));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_renders_are_limited_and_probes_do_not_wait() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let address = served.server.address;
    let line = |number| format!("GET /backends/gated{number}/metrics");
    let waiting: Vec<_> = (0..8).map(|it| send(address, &line(it), "")).collect();
    let inside = || served.shelf.inside.load(Ordering::SeqCst);
    until("two are being made", || inside() == 2).await?;
    for other in ["/healthz", "/readyz", "/metrics", "/api/tasks"] {
        let answer = ask(address, &format!("GET {other}"), "")?;
        ensure!(answer.status() == Some(200), "{other}");
    }
    served.shelf.gate.add_permits(8);
    for stream in waiting {
        ensure!(read(stream?)?.status() == Some(200));
    }
    let most = served.shelf.most.load(Ordering::SeqCst);
    ensure!(most == 2, "{most} at a time");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_scrapers_at_once_get_their_answers() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let address = served.server.address;
    let slow: Vec<_> = (0..50).map(|_| connect(address)).collect::<Result<_>>()?;
    let scrapers: Vec<_> = (0..200)
        .map(|_| thread::spawn(move || ask(address, "GET /metrics", "Accept-Encoding: gzip\r\n")))
        .collect();
    for scraper in scrapers {
        let answer = scraper
            .join()
            .map_err(|_| anyhow::anyhow!("it panicked"))??;
        ensure!(answer.status() == Some(200), "{}", answer.head);
    }
    ensure!(served.hits.rejected() == 0);
    drop(slow);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_answers_and_accepts_nothing() -> Result<()> {
    let limits = HttpLimits {
        shutdown_timeout: super::client::GUARD,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let address = served.server.address;
    let waiting = send(address, "GET /api/backends", "")?;
    until("it is being answered", || {
        served.shelf.inside.load(Ordering::SeqCst) == 1
    })
    .await?;
    let mut idle = connect(address)?;
    let stopping = tokio::spawn(served.server.stop());
    let refused =
        || TcpStream::connect(address).is_err_and(|it| it.kind() == ErrorKind::ConnectionRefused);
    until("it accepts nothing", refused).await?;
    ensure!(until_closed(&mut idle)?.is_empty());
    served.shelf.gate.add_permits(1);
    ensure!(read(waiting)?.status() == Some(200));
    stopping.await?;
    ensure!(served.hits.open() == 0);
    Ok(())
}
