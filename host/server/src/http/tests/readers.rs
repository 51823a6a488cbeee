//! Tests with clients that read slowly, or not at all.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::client::{Said, ask, connect, one, send, until_closed};
use super::served::{HUGE, Served, TASKS, until};
use crate::http::HttpLimits;

const SOON: Duration = Duration::from_millis(50);
const NEVER: Duration = Duration::from_secs(3600);

const REQUEST: &str = "GET /api/tasks HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_not_waited_for() -> Result<()> {
    let mut limits = HttpLimits::default();
    (limits.head, limits.idle) = (SOON, NEVER);
    let served = Served::start(limits).await?;
    for half in ["", "G", "GET /metrics HTTP/1.1\r\nHost: "] {
        let mut stream = connect(served.server.address)?;
        stream.write_all(half.as_bytes())?;
        ensure!(until_closed(&mut stream)?.is_empty(), "{half:?}");
    }
    // The same holds after a complete request, sent separately or together with the head.
    let mut stream = connect(served.server.address)?;
    stream.write_all(REQUEST.as_bytes())?;
    one(&mut stream, TASKS.len())?;
    stream.write_all(b"GET /met")?;
    ensure!(until_closed(&mut stream)?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_nothing_more_is_closed() -> Result<()> {
    let mut limits = HttpLimits::default();
    (limits.head, limits.idle) = (NEVER, SOON);
    let served = Served::start(limits).await?;
    let mut stream = connect(served.server.address)?;
    stream.write_all(REQUEST.as_bytes())?;
    let answer = one(&mut stream, TASKS.len())?;
    ensure!(answer.header("connection").is_none(), "{}", answer.head);
    ensure!(until_closed(&mut stream)?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_an_old_connection_closes_it() -> Result<()> {
    let limits = HttpLimits {
        age: Duration::ZERO,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let mut stream = connect(served.server.address)?;
    stream.write_all(REQUEST.as_bytes())?;
    let answer = Said::parse(&until_closed(&mut stream)?)?;
    ensure!(answer.body == TASKS.as_bytes());
    ensure!(
        answer.header("connection") == Some("close"),
        "{}",
        answer.head
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_on_one_connection_are_answered_one_after_another() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let mut stream = connect(served.server.address)?;
    stream.write_all(REQUEST.repeat(50).as_bytes())?;
    for _ in 0..50 {
        ensure!(one(&mut stream, TASKS.len())?.body == TASKS.as_bytes());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_is_closed() -> Result<()> {
    let mut limits = HttpLimits::default();
    (limits.answer, limits.stalled) = (NEVER, SOON);
    never_reads(limits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_to_read_is_cut_off() -> Result<()> {
    let mut limits = HttpLimits::default();
    (limits.answer, limits.stalled) = (SOON, NEVER);
    never_reads(limits).await
}

async fn never_reads(limits: HttpLimits) -> Result<()> {
    let served = Served::start(limits).await?;
    let mut stream = send(served.server.address, "GET /backends/huge/metrics", "")?;
    let hits = &served.hits;
    until("it was asked", || !hits.requests().is_empty()).await?;
    until("it is closed", || hits.open() == 0).await?;
    let read = until_closed(&mut stream)?.len();
    ensure!(read < HUGE, "all {read} bytes came");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_refused_and_others_are_answered() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let long = format!(
        "GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n",
        "a".repeat(1 << 20)
    );
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    for (rubbish, status) in [
        ("GET /metrics\r\n\r\n", Some(400)),
        (
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}",
            Some(400),
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
        ("GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", Some(400)),
        (&many, Some(431)),
        // The server closes the connection with unread bytes, so its answer may be lost.
        (&long, None),
        (&target, None),
    ] {
        let mut stream = connect(served.server.address)?;
        let _ = stream.write_all(rubbish.as_bytes());
        let said = until_closed(&mut stream)?;
        let start: String = rubbish.chars().take(40).collect();
        if status.is_some() || !said.is_empty() {
            let said = Said::parse(&said)?;
            let code = said.status();
            ensure!(
                status.is_none_or(|it| Some(it) == code),
                "{start:?}: {}",
                said.head
            );
            ensure!(code.is_some_and(|it| it >= 400), "{start:?}: {}", said.head);
        }
        ask(served.server.address, "GET /healthz", "")?;
    }
    let pages: Vec<_> = served
        .hits
        .requests()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    ensure!(pages == [("healthz", 200)], "{pages:?}");
    Ok(())
}
