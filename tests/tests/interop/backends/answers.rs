//! `otlp.wasm`, and a collector that rejects pushes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use anyhow::{Context, Result, ensure};
use solti_metrics_host::DropReason;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::tested_provider::{GUARD, TestedProvider, only_dropped};
use crate::backends::victoria::{pushing_to, url};

/// The action of the collector, and the expected error of the flush.
const CASES: [(Does, Option<&str>); 9] = [
    (Does::Answer("200 OK", b""), None),
    (
        Does::Answer("503 Service Unavailable", b"later"),
        Some("status 503: \"later\""),
    ),
    // Such a page is not a delivery, for any status.
    (
        Does::Page(b"<p>log in"),
        Some("the answer is \"text/html\", not OTLP: \"<p>log in\""),
    ),
    (
        Does::Answer("200 OK", b"\xff\xff"),
        Some("the answer is \"application/x-protobuf\", not OTLP"),
    ),
    // The client follows no redirect.
    (
        Does::Answer("307 Temporary Redirect", b""),
        Some("status 307: redirects to \"http://localhost:1/\""),
    ),
    (
        Does::Answer("200 OK", b"\x0a\x0b\x08\x02\x12\x07too old"),
        Some("2 points were rejected: \"too old\""),
    ),
    (Does::Close, Some("ErrorCode::")),
    (Does::Wait, Some("no answer within 2 s")),
    (Does::Answer("204 No Content", b""), None),
];

#[derive(Clone, Copy)]
enum Does {
    Answer(&'static str, &'static [u8]),
    /// An HTML page with a good status.
    Page(&'static [u8]),
    Close,
    Wait,
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "each_answer_of_a_collector_is_named_and_causes_no_failure",
        answers,
    )]
}

fn answers() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let otlp = TestedProvider::start("otlp", &pushing_to(address))?;
    let mut lengths = Vec::new();
    for (does, expected) in CASES {
        otlp.record(&script());
        let (over, flushed) = channel::<()>();
        let ours = listener.try_clone()?;
        let receiver = thread::spawn(move || receive(&ours, does, &flushed));
        match expected {
            None => otlp.flush()?,
            Some(expected) => {
                let said = otlp.refused_flush()?;
                let beginning = format!("{}: {expected}", url(address));
                ensure!(said.starts_with(&beginning), "{said}");
            }
        }
        drop(over);
        let received = receiver
            .join()
            .ok()
            .context("the collector thread panicked")?;
        lengths.push(received?);
    }
    // Each push has all totals, whose number does not grow.
    ensure!(
        lengths.iter().all(|length| *length == lengths[0]),
        "{lengths:?}"
    );
    // The listener is closed, and the last flush fails.
    drop(listener);
    let status = otlp.stop()?;
    let records = CASES.len() * script().len();
    only_dropped(&status.ledger, records, DropReason::BackendFailed, 0)?;
    ensure!(status.failures == 0, "{status:?}");
    let said = status.flush_error.unwrap_or_default();
    ensure!(said.starts_with(&url(address)), "{said}");
    Ok(())
}

/// Takes one request, and returns the length of its body.
fn receive(listener: &TcpListener, does: Does, flushed: &Receiver<()>) -> Result<usize> {
    let (mut stream, _) = listener.accept()?;
    stream.set_read_timeout(Some(GUARD))?;
    let length = read(&stream)?;
    match does {
        Does::Close => {}
        Does::Answer(status, body) => {
            answer(&mut stream, status, "application/x-protobuf", body)?;
        }
        Does::Page(body) => answer(&mut stream, "200 OK", "text/html; charset=utf-8", body)?,
        // Until the end of the flush.
        Does::Wait => drop(flushed.recv_timeout(GUARD)),
    }
    Ok(length)
}

fn answer(stream: &mut TcpStream, status: &str, media: &str, body: &[u8]) -> Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nlocation: http://localhost:1/\r\ncontent-type: {media}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n"
    )?;
    Ok(stream.write_all(body)?)
}

fn read(stream: &TcpStream) -> Result<usize> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut kind) = (None, None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = Some(value.parse()?),
            Some(("content-type", value)) => kind = Some(value.to_owned()),
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => ensure!(
                line.starts_with("POST /opentelemetry/v1/metrics HTTP/1.1"),
                "{line}"
            ),
        }
    }
    ensure!(
        kind.as_deref() == Some("application/x-protobuf"),
        "{kind:?}"
    );
    let mut body = vec![0; length.context("no length")?];
    reader.read_exact(&mut body)?;
    Ok(body.len())
}
