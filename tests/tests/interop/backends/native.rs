//! `StatsdMetrics`: the original server counts and times the records, with labels in
//! names and with tags. It makes tags parts of names.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{
    Event, MetricsBackend, RunnerType, StatsdBuilder, StatsdDialect, StatsdMetrics,
};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::Trial;

use crate::backends::expected::{Expected, plain};
use crate::backends::statsd::Statsd;
use crate::backends::tested_provider::GUARD;

pub(crate) fn trials() -> Vec<Trial> {
    let statsd = ReferenceTool::statsd();
    vec![
        statsd.trial("a_native_backend_counts_in_plain_statsd", plain_names),
        statsd.trial("a_native_backend_counts_with_tags", tags),
    ]
}

const HOSTILE: &str = "odd:1|c\nodd.injected:7|c\nx";
const CLEAN: &str = "odd_1_c_odd.injected_7_c_x";

fn plain_names(script_file: &Path) -> Result<()> {
    let server = Statsd::start(script_file)?;
    counts(&server, to(&server), "solti.", plain("solti"))?;
    let hostile = to(&server).prefix(HOSTILE);
    counts(&server, hostile, "odd", plain(CLEAN))?;
    let bad = server.bad_lines()?;
    ensure!(bad == 0, "{bad} bad lines");
    Ok(())
}

fn tags(script_file: &Path) -> Result<()> {
    let server = Statsd::start(script_file)?;
    let tagged = to(&server)
        .dialect(StatsdDialect::DogStatsd)
        .tag("env", "staging");
    counts(
        &server,
        tagged.clone(),
        "solti.",
        named("solti", "env=staging"),
    )?;
    let hostile = tagged.prefix(HOSTILE).tag(HOSTILE, HOSTILE);
    let pairs = format!("env=staging;{CLEAN}={CLEAN}");
    counts(&server, hostile, "odd", named(CLEAN, &pairs))?;
    let bad = server.bad_lines()?;
    ensure!(bad == 0, "{bad} bad lines");
    Ok(())
}

/// The server's name of a metric with tags.
fn named(prefix: &str, given: &str) -> impl Fn(&str, &[(&str, &str)]) -> String {
    move |metric, labels| {
        let labels = labels
            .iter()
            .map(|(name, label)| format!(";{name}={label}"));
        format!("{prefix}.{metric};{given}{}", labels.collect::<String>())
    }
}

fn to(server: &Statsd) -> StatsdBuilder {
    StatsdMetrics::builder(server.address().to_string()).gather(Duration::from_millis(1))
}

/// Records in rounds, single and in batches, and finds all records with this prefix.
fn counts(
    server: &Statsd,
    builder: StatsdBuilder,
    prefix: &str,
    name: impl Fn(&str, &[(&str, &str)]) -> String,
) -> Result<()> {
    let metrics = builder.build()?;
    let mut expected = Expected::default();
    let mut records = 0;
    let first = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };
    for round in [vec![first], script(), script(), script()] {
        match records % 2 {
            0 => round.iter().for_each(|event| event.record_into(&metrics)),
            _ => metrics.record_batch(&round)?,
        }
        records += round.len();
        // Each round ends before the next: many datagrams at once may be lost.
        expected.record(&round, &name)?;
        expected.must_be_at(server, prefix)?;
    }
    let status = metrics.shutdown(GUARD);
    let ledger = status.ledger;
    let found = (ledger.accepted(), ledger.delivered(), ledger.in_flight());
    ensure!(found == (records as u64, records as u64, 0), "{status:?}");
    ensure!(
        status.failures == 0 && status.last_error.is_none(),
        "{status:?}"
    );
    Ok(())
}
