//! Answers of an OTLP collector, and settings of the exporter.

mod collector;

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use arbitrary::Unstructured;
use solti_metrics::{OtlpMetrics, OtlpProtocol, OtlpResponse};

use crate::event::event;
use crate::oracle::{balances, has_no_control, is_settled};
use crate::reach::reached;
use crate::target::{Limits, Target};
use collector::Collector;

pub(super) const TARGET: Target = Target {
    name: "otlp_answers",
    run,
    seeds: &[],
    words: &[
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 503 x\r\n", "HTTP/1.1 429 x\r\n", "HTTP/1.1 301 x\r\n", "HTTP/1.1 100 x\r\n\r\n",
        "Content-Type: application/x-protobuf\r\n", "Content-Type: application/json\r\n", "Content-Type: text/html\r\n",
        "Content-Length: 4\r\n", "Retry-After: 120\r\n", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "\r\n\r\n",
        "Content-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n", "Location: http://a/\r\n", "\u{a}\u{b}\u{8}\u{2}\u{12}\u{7}too old",
        "{\"code\":3,\"message\":\"x\"}", "grpc-status: 14\r\n", "grpc-message: %0a\r\n", "Bearer top\"hat", "secret",
    ],
    longest: 8 << 10,
    limits: Limits::SMALL,
};

/// Bound of the waits for an exporter in this process.
const GUARD: Duration = Duration::from_secs(30);

/// Maximum number of characters of an error of a push.
const LONGEST: usize = 4_000;

static COLLECTOR: LazyLock<Result<Collector>> = LazyLock::new(Collector::start);

fn run(input: &[u8]) -> Result<()> {
    match input.split_first() {
        Some((b'0', rest)) => settings(rest),
        Some((b'1', rest)) => answered(rest, OtlpProtocol::Grpc),
        _ => {
            if let Err(error) = OtlpResponse::decode(input) {
                has_no_control(&error)?;
            }
            answered(input, OtlpProtocol::HttpProtobuf)
        }
    }
}

/// A push ends with any answer. Errors have one line and no secret, and the ledger balances.
fn answered(answer: &[u8], protocol: OtlpProtocol) -> Result<()> {
    let collector = COLLECTOR.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    collector.answer(answer);
    let metrics = OtlpMetrics::builder(format!("http://{}", collector.address))
        .protocol(protocol)
        .header("authorization", "Bearer top\"hat")
        .interval(Duration::from_secs(3600))
        .timeout(GUARD)
        .build()?;
    let input = &mut Unstructured::new(answer);
    let mut records = 0;
    while !input.is_empty() && records < 16 {
        event(input)?.record_into(&metrics);
        records += 1;
    }
    if let Err(error) = metrics.flush(GUARD) {
        message(&error.to_string())?;
    }
    if metrics.status().last_error.is_none() {
        reached();
    }
    let status = metrics.status();
    balances(&status.ledger)?;
    for text in [&status.last_error, &status.last_warning].into_iter().flatten() {
        message(text)?;
    }
    let status = metrics.shutdown(GUARD);
    is_settled(&status.ledger)?;
    ensure!(status.ledger.accepted() == records, "{:?}", status.ledger);
    Ok(())
}

fn message(text: &str) -> Result<()> {
    has_no_control(text)?;
    let is_hidden = !text.contains("top\"hat") && !text.contains("top\\\"hat");
    ensure!(is_hidden, "the message has a secret: {text:?}");
    let length = text.chars().count();
    ensure!(length <= LONGEST, "the message has {length} characters");
    Ok(())
}

/// Settings make an exporter, or an error with one line.
fn settings(input: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(input);
    let mut builder = OtlpMetrics::builder(text(input)?)
        .interval(Duration::from_secs(3600))
        .header(text(input)?, text(input)?);
    if input.arbitrary()? {
        builder = builder.attribute(text(input)?, text(input)?);
    }
    if input.arbitrary()? {
        builder = builder.timeout(Duration::from_nanos(input.arbitrary()?));
    }
    match builder.build() {
        Ok(metrics) => is_settled(&metrics.shutdown(GUARD).ledger),
        Err(error) => has_no_control(&error.to_string()),
    }
}

fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = input.int_in_range(0..=60)?.min(input.len());
    Ok(String::from_utf8_lossy(input.bytes(length)?).into_owned())
}
