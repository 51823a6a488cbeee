//! `run --listen`: misbehaving clients, and other clients at the same time.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};

use crate::cli::serve::Served;
use solti_metrics_tests::child::GUARD;
use solti_metrics_tests::http::{Answer, connect, scrape};

#[test]
fn a_malformed_request_is_rejected_and_others_are_answered() -> Result<()> {
    let served = Served::start()?;
    let endless = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(5_000));
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(1 << 20));
    for request in [
        "\r\n \r\n\r\n",
        "nonsense\r\n\r\n",
        "GET\r\n\r\n",
        "GET /metrics HTTP/9.9\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: \u{1}\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}",
        &endless,
        &long,
    ] {
        let mut stream = connect(served.address)?;
        // The server may close the connection before the client has sent everything.
        let _ = stream.write_all(request.as_bytes());
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        if !said.is_empty() {
            let answer = Answer::parse(&String::from_utf8(said)?)?;
            let start: String = request.chars().take(60).collect();
            ensure!((400..500).contains(&answer.status), "{start:?}: {answer:?}");
            ensure!(!answer.body.contains("solti_"), "{start:?}: {answer:?}");
        }
        scrape(served.address)?;
    }
    let end = served.release()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(!end.stderr.contains("panicked at"), "{end}");
    Ok(())
}

#[test]
fn half_a_request_times_out_and_does_not_block_others() -> Result<()> {
    let served = Served::start()?;
    let mut halves = Vec::new();
    for half in [
        "G",
        "GET /metr",
        "GET /metrics HTTP/1.1\r\n",
        "GET /metrics HTTP/1.1\r\nHost: ",
    ] {
        let mut stream = connect(served.address)?;
        stream.write_all(half.as_bytes())?;
        scrape(served.address)?;
        // The server has answered others before it stopped waiting for this request.
        stream.set_nonblocking(true)?;
        let waiting = stream.peek(&mut [0]).err().map(|error| error.kind());
        ensure!(
            waiting == Some(ErrorKind::WouldBlock),
            "{half}: {waiting:?}"
        );
        stream.set_nonblocking(false)?;
        halves.push(stream);
    }
    for mut half in halves {
        // The timeout is much shorter than the maximum age of a connection.
        half.set_read_timeout(Some(GUARD / 2))?;
        let mut said = Vec::new();
        half.read_to_end(&mut said)?;
        let said = String::from_utf8(said)?;
        ensure!(!said.contains("HTTP/1.1 200"), "{said}");
    }
    scrape(served.address)?;
    Ok(())
}

#[test]
fn idle_connections_do_not_stop_the_task() -> Result<()> {
    let served = Served::start()?;
    let idle = connections(&served)?;
    let end = served.release()?;
    ensure!(end.code == Some(0), "{end}");
    drop(idle);
    Ok(())
}

#[test]
fn a_scrape_succeeds_once_idle_connections_are_closed() -> Result<()> {
    let served = Served::start()?;
    let idle = connections(&served)?;
    drop(idle);
    scrape(served.address)?;

    // The server closes idle connections.
    let idle = connections(&served)?;
    scrape(served.address)?;
    drop(idle);
    Ok(())
}

/// Opens more connections than the server serves at a time.
fn connections(served: &Served) -> Result<Vec<TcpStream>> {
    (0..300).map(|_| connect(served.address)).collect()
}

#[test]
fn a_client_that_reads_no_answer_does_not_block_others() -> Result<()> {
    let served = Served::start()?;
    let mut greedy = connect(served.address)?;
    greedy.set_nonblocking(true)?;
    let request = "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n".repeat(100);
    // Fills the buffers of both sides.
    while greedy.write(request.as_bytes()).is_ok() {}
    scrape(served.address)?;
    let end = served.release()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_connection_serves_several_scrapes() -> Result<()> {
    let served = Served::start()?;
    let mut stream = connect(served.address)?;
    for number in 1..=3 {
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")?;
        let body = one_answer(&mut stream).with_context(|| format!("scrape {number}"))?;
        ensure!(body.contains("solti_runner_tasks_started_total"), "{body}");
    }
    Ok(())
}

/// Reads one answer of a connection that stays open.
fn one_answer(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let answer = Answer::parse(&String::from_utf8(head)?)?;
    let length = answer.header("content-length").context("no length")?;
    let mut body = vec![0; length.parse()?];
    stream.read_exact(&mut body)?;
    Ok(String::from_utf8(body)?)
}
