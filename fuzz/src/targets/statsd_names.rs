//! Prefixes, tags and addresses of statsd, and the lines that a server receives.

use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use arbitrary::Unstructured;
use solti_metrics::{Event, StatsdDialect, StatsdMetrics};

use crate::event::event;
use crate::oracle::{has_no_control, is_settled};
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "statsd_names",
    run,
    seeds: &[],
    words: &["runner", "Outcome", "solti", "|#", ":1|c", "|ms", "127.0.0.1:8125", "[::1]:1", "@0.1", "..", "/"],
    longest: 2 << 10,
    limits: Limits::SMALL,
};

/// Bound of the waits for an exporter in this process.
const GUARD: Duration = Duration::from_secs(30);

/// Each record arrives, in lines that only have characters of statsd.
fn run(input: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(input);
    let server = UdpSocket::bind("127.0.0.1:0")?;
    server.set_read_timeout(Some(GUARD))?;
    let is_address_given = input.int_in_range(0..=3)? == 0;
    let address = if is_address_given { text(input)? } else { server.local_addr()?.to_string() };
    let dialect = *input.choose(&StatsdDialect::ALL)?;
    let mut builder = StatsdMetrics::builder(address).dialect(dialect);
    if input.arbitrary()? {
        builder = builder.prefix(text(input)?);
    }
    let tags = if dialect == StatsdDialect::Plain { 0 } else { input.int_in_range(0..=3)? };
    for _ in 0..tags {
        builder = builder.tag(text(input)?, text(input)?);
    }
    let metrics = match builder.gather(Duration::ZERO).build() {
        Ok(metrics) => metrics,
        Err(error) => return has_no_control(&error.to_string()),
    };
    // The name of an arbitrary address is not looked up, because nothing is recorded.
    if is_address_given {
        return Ok(());
    }
    let mut events = Vec::new();
    while !input.is_empty() && events.len() < 64 {
        events.push(event(input)?);
    }
    for event in &events {
        event.record_into(&metrics);
    }
    metrics.flush(GUARD)?;
    received(&server, &events)?;
    reached();
    let status = metrics.shutdown(GUARD);
    is_settled(&status.ledger)?;
    ensure!(status.ledger.delivered() == events.len() as u64, "{status:?}");
    Ok(())
}

/// A text of at most 200 bytes. Input that is not text becomes text.
fn text(input: &mut Unstructured<'_>) -> Result<String> {
    let length = input.int_in_range(0..=200)?.min(input.len());
    Ok(String::from_utf8_lossy(input.bytes(length)?).into_owned())
}

fn received(server: &UdpSocket, events: &[Event]) -> Result<()> {
    let completed = |it: &&Event| matches!(it, Event::TaskCompleted { .. });
    let (counts, timers) = (events.len() as u64, events.iter().filter(completed).count());
    let (mut counted, mut timed) = (0, 0);
    let mut datagram = [0; 65_536];
    while counted < counts || timed < timers {
        let length = server.recv(&mut datagram).context("a record did not arrive")?;
        ensure!(length <= StatsdMetrics::DATAGRAM, "{length} bytes");
        for line in std::str::from_utf8(&datagram[..length])?.split('\n') {
            match line_value(line).with_context(|| format!("the line {line:?}"))? {
                (number, "c") => counted += number,
                (_, "ms") => timed += 1,
                (_, other) => anyhow::bail!("the type {other:?} in {line:?}"),
            }
        }
    }
    ensure!((counted, timed) == (counts, timers), "{counted} records, {timed} durations");
    Ok(())
}

/// The value of a line, and its type.
fn line_value(line: &str) -> Result<(u64, &str)> {
    let (name, rest) = line.split_once(':').context("no value")?;
    let is_name = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
    ensure!(!name.is_empty() && name.chars().all(is_name), "the name {name:?}");
    let (value, rest) = rest.split_once('|').context("no type")?;
    let (kind, tags) = rest.split_once("|#").unwrap_or((rest, "a:b"));
    for tag in tags.split(',') {
        let (name, value) = tag.split_once(':').context("a tag without a value")?;
        let is_tag = |it: char| is_name(it) || it == '/';
        ensure!(!name.is_empty() && name.chars().all(is_tag), "the tag {tag:?}");
        ensure!(!value.is_empty() && value.chars().all(is_tag), "the tag {tag:?}");
    }
    Ok((value.parse()?, kind))
}
