//! `StatsdMetrics`: for all settings, it sends exactly the recorded metrics.

use std::net::UdpSocket;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use solti_metrics::{Event, MetricsBackend, StatsdDialect, StatsdMetrics};
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::expected::Expected;
use crate::backends::tested_provider::GUARD;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("no_prefix_and_no_tag_adds_a_metric", exact)]
}

fn exact() -> Result<()> {
    let settings = (
        select(&StatsdDialect::ALL),
        text(100),
        vec((text(20), text(20)), 0..4),
    );
    let events = vec((select(script()), any::<u64>()), 1..250);
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    runner.run(&(settings, events), |((dialect, prefix, tags), events)| {
        let tags = match dialect {
            StatsdDialect::Plain => Vec::new(),
            _ => tags,
        };
        let events: Vec<_> = events.into_iter().map(lasting).collect();
        let sent = send(dialect, &prefix, &tags, &events);
        let checked = sent.and_then(|sent| check(dialect, &prefix, &tags, &events, &sent));
        checked.map_err(|error| TestCaseError::fail(format!("{error:#}")))
    })?;
    Ok(())
}

/// Any text, with many characters that end a field.
fn text(most: usize) -> impl Strategy<Value = String> {
    let ends: Vec<_> = ":|#@\n\r,;.=/ \0".chars().collect();
    let letter = prop_oneof![any::<char>(), select(ends), prop::char::range('a', 'z')];
    vec(letter, 0..most).prop_map(|letters| letters.into_iter().collect())
}

fn lasting((event, ms): (Event, u64)) -> Event {
    match event {
        Event::TaskCompleted {
            runner, outcome, ..
        } => Event::TaskCompleted {
            runner,
            outcome,
            duration_ms: ms,
        },
        other => other,
    }
}

fn send(
    dialect: StatsdDialect,
    prefix: &str,
    tags: &[(String, String)],
    events: &[Event],
) -> Result<Vec<String>> {
    let server = UdpSocket::bind("127.0.0.1:0")?;
    server.set_read_timeout(Some(GUARD))?;
    let mut builder = StatsdMetrics::builder(server.local_addr()?.to_string())
        .gather(Duration::MAX)
        .dialect(dialect)
        .prefix(prefix);
    for (name, value) in tags {
        builder = builder.tag(name, value);
    }
    let metrics = builder.build()?;
    let (mut buffer, mut datagrams) = ([0; 65_536], Vec::new());
    // The system buffers 92 datagrams for the server, and these are at most 50.
    for part in events.chunks(100) {
        metrics.record_batch(part)?;
        metrics.flush(GUARD)?;
        while (datagrams.len() as u64) < metrics.status().attempts {
            let length = server.recv(&mut buffer)?;
            ensure!(length <= StatsdMetrics::DATAGRAM, "{length} bytes");
            datagrams.push(String::from_utf8(buffer[..length].to_vec())?);
        }
    }
    let status = metrics.shutdown(GUARD);
    ensure!(
        status.ledger.delivered() == events.len() as u64,
        "{status:?}"
    );
    Ok(datagrams)
}

fn check(
    dialect: StatsdDialect,
    prefix: &str,
    tags: &[(String, String)],
    events: &[Event],
    sent: &[String],
) -> Result<()> {
    let prefix = cleaned(prefix, "_-.");
    let prefix = match prefix.trim_end_matches('.') {
        "" => String::new(),
        prefix => format!("{prefix}."),
    };
    let tags: Vec<_> = tags
        .iter()
        .map(|(name, value)| [name, value].map(|text| cleaned(text, "_-./")))
        .map(|pair| {
            pair.map(|text| {
                if text.is_empty() {
                    "_".to_owned()
                } else {
                    text
                }
            })
            .join(":")
        })
        .collect();
    let mut expected = Expected::default();
    expected.record(events, |metric, labels| match dialect {
        StatsdDialect::Plain => {
            let labels = labels.iter().map(|(_, label)| format!(".{label}"));
            format!("{prefix}{metric}{}|", labels.collect::<String>())
        }
        _ => {
            let labels = labels.iter().map(|(name, label)| format!("{name}:{label}"));
            let tags: Vec<_> = tags.iter().cloned().chain(labels).collect();
            format!("{prefix}{metric}|{}", tags.join(","))
        }
    })?;
    let found = read(sent)?;
    ensure!(
        found == expected,
        "{found:?} instead of {expected:?} in {sent:?}"
    );
    Ok(())
}

fn cleaned(text: &str, signs: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || signs.contains(c);
    text.chars()
        .map(|c| if kept(c) { c } else { '_' })
        .collect()
}

/// Parses lines as servers do: names end at the first colon, fields at bars.
fn read(datagrams: &[String]) -> Result<Expected> {
    let mut found = Expected::default();
    for line in datagrams.iter().flat_map(|datagram| datagram.split('\n')) {
        let (name, rest) = line.split_once(':').context("no value")?;
        let mut fields = rest.split('|');
        let value: u64 = fields.next().context("no value")?.parse()?;
        let kind = fields.next().context("no kind")?;
        let tags = fields
            .next()
            .map(|tags| tags.strip_prefix('#').context("no tags"));
        let tags = tags.transpose()?.unwrap_or_default();
        ensure!(fields.next().is_none(), "{line:?} has too many fields");
        let colons = tags.split(',').map(|tag| tag.matches(':').count());
        ensure!(
            tags.is_empty() || colons.into_iter().all(|colons| colons == 1),
            "{line:?}"
        );
        let name = format!("{name}|{tags}");
        match kind {
            "c" => *found.counters.entry(name).or_default() += value,
            "ms" => found.timers.entry(name).or_default().push(value),
            _ => anyhow::bail!("{line:?} is of no kind"),
        }
    }
    Ok(found)
}
