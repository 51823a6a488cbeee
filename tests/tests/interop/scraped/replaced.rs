//! A backend's file is replaced, and SIGHUP is sent: the records of both instances add up
//! to all records.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::{Sample, samples};
use solti_metrics_tests::prometheus::{Job, Prometheus};
use solti_metrics_tests::served::Served;

const BACKEND: &str = r#"
    [backends.sink]
    component = "sink.wasm"
    grants = ["output"]
"#;

/// A task that runs again and again.
const FLOW: &str = r#"
    [tasks.flow]
    component = "reporter.wasm"
    stdin = "text"
    schedule = "interval"
    interval = "20ms"
    output = "discard"
"#;

/// A task that runs once.
const AFTER: &str = r#"
    [tasks.after]
    component = "reporter.wasm"
    stdin = "text"
"#;

/// A number of lines, such that the second instance gets fewer than the first.
const ENOUGH: f64 = 800.0;

pub(crate) fn while_records_come(prometheus: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    let provider = fs::read(artifact("provider", WASI))?;
    fs::write(at("sink.wasm"), &provider)?;
    fs::copy(artifact("reporter", WASI), at("reporter.wasm"))?;
    fs::write(at("text"), "a line\n".repeat(20))?;
    let mut served = Served::start(folder.path(), &[BACKEND, FLOW].concat())?;
    let targets = [served.address()?];
    let backend = Job {
        name: "backend",
        path: "/backends/sink/metrics",
        ..Job::runners(&targets)
    };
    let prometheus = Prometheus::start(prometheus, &[Job::runners(&targets), backend])?;
    let given = r#"solti_runner_tasks_started_total{job="backend",runner="wasm"}"#;
    prometheus.until(given, |given| given > ENOUGH)?;

    // An atomic replacement while records arrive: another version with the same
    // behaviour.
    fs::write(at("new"), another_version(&provider))?;
    fs::rename(at("new"), at("sink.wasm"))?;
    let error = served.reload(&[BACKEND, AFTER].concat())?;
    ensure!(error.is_none(), "{error:?}");

    served.until("all is done, and handed over", |served| {
        let done = served.json("/api/tasks")?["tasks"][0]["state"] == "done";
        let sink = &served.json("/api/backends")?["backends"][0]["ledger"];
        let (accepted, delivered) = (&sink["accepted"], &sink["delivered"]);
        Ok((done && accepted == delivered).then_some(()))
    })?;
    let whole = served.sample(r#"solti_metrics_records_delivered_total{source="sink"}"#)?;
    let delivered = r#"solti_metrics_records_delivered_total{source="sink"}"#;
    prometheus.until(delivered, |found| found == whole)?;
    let is = |promql: &str, expected: f64| -> Result<()> {
        let found = prometheus.query(promql)?;
        ensure!(
            found == Some(expected),
            "{promql} is {found:?}, not {expected}"
        );
        Ok(())
    };
    // No record was lost before or in the backend.
    is(
        "sum(solti_metrics_records_accepted_total{source=~\"guests|runner\"})",
        whole,
    )?;
    is(
        "sum(solti_metrics_records_delivered_total{source=~\"guests|runner\"})",
        whole,
    )?;
    is("sum(solti_metrics_records_dropped_total)", 0.0)?;
    is(
        r#"solti_metrics_backend_replacements_total{backend="sink"}"#,
        1.0,
    )?;
    is(
        r#"solti_metrics_backend_restarts_total{backend="sink"}"#,
        0.0,
    )?;
    // For a scraper of the provider's own page, the new instance is a restarted process.
    let all = r#"sum({__name__=~"solti_runner_(tasks_started|tasks_completed|errors)_total",job="backend"})"#;
    let of_second = served.page("/backends/sink/metrics")?;
    let of_second = samples(&of_second)?;
    let counts = of_second
        .iter()
        .filter(|sample| sample.name.ends_with("_total") && !sample.labels.is_empty());
    let of_second = counts.map(Sample::number).sum::<Result<f64>>()?;
    prometheus.until(all, |found| found == of_second)?;
    is(&format!("resets({given}[1h])"), 1.0)?;

    // At the flush, the first instance reports its own number of records.
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let entries = end.stderr.lines();
    let entries = entries.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let said: Vec<_> = entries
        .filter_map(|entry| records(entry["line"].as_str()?))
        .collect();
    let falls = said.windows(2).position(|pair| pair[1] < pair[0]);
    let of_first = said[falls.with_context(|| format!("only one instance reported: {said:?}"))?];
    ensure!(of_first as f64 > ENOUGH && of_second > 0.0);
    ensure!(
        of_first as f64 + of_second == whole,
        "{of_first} and {of_second} of {whole}"
    );
    Ok(())
}

/// The same component, with an empty custom section.
fn another_version(component: &[u8]) -> Vec<u8> {
    [component, &[0, 3, 1, b'v', b'2']].concat()
}

/// The number of records that the instance reports at its flush.
fn records(line: &str) -> Option<u64> {
    line.strip_prefix("started=")?;
    let counts = line.split(' ').map(|count| {
        let (_, count) = count.split_once('=')?;
        count.parse::<u64>().ok()
    });
    counts.sum()
}
