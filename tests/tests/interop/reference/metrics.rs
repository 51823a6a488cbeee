//! `docs/reference/metrics.md`: a table of metrics, from an exposition of text 0.0.4, and
//! the values of labels.

use std::fmt::Write;

use anyhow::{Result, ensure};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::BackendState;
use solti_metrics_tests::exposition::{Family, families};
use solti_metrics_tests::served::Served;

use crate::configs::test_folder::TestFolder;
use crate::reference::document::Document;

const PAGE: Document = Document("docs/reference/metrics.md");

/// A runner with all features: a task, and backends of each kind.
pub(crate) fn written() -> Result<()> {
    let place = TestFolder::new()?;
    let config = r#"
        [runner]
        fuel = true
        [tasks.hello]
        component = "hello.wasm"
        [backends.sink]
        component = "provider.wasm"
        [backends.collector]
        otlp = { endpoint = "http://127.0.0.1:9/v1/metrics" }
        [backends.statsd]
        statsd = { address = "127.0.0.1:9" }
        "#;
    let served = Served::start(place.path(), config)?;
    served.until_at_least(
        r#"solti_metrics_task_runs_total{task="hello",outcome="success"}"#,
        1.0,
    )?;
    // A request counts once it has been answered, and a page is shared for a while.
    served.page("/healthz")?;
    let table = served.until("a request is counted", |served| {
        let text = served.page("/metrics")?;
        let counted = text.contains("solti_metrics_http_requests_total{");
        counted.then(|| table(&text)).transpose()
    })?;
    served.stop()?;
    PAGE.must_have("metrics", &table)
}

/// The page has a row for each reason of a dropped record and each state of a backend.
pub(crate) fn explained() -> Result<()> {
    let page = PAGE.text()?;
    let reasons = DropReason::ALL.map(DropReason::as_label);
    let states = BackendState::ALL.map(BackendState::as_label);
    for label in reasons.into_iter().chain(states) {
        ensure!(
            page.contains(&format!("\n| `{label}` |")),
            "no row for {label}"
        );
    }
    Ok(())
}

fn table(exposition: &str) -> Result<String> {
    let mut text = "| Name | Type | Labels | Description |\n|---|---|---|---|\n".to_owned();
    for family in families(exposition)? {
        let labels = labels(&family).into_iter().map(|it| format!("`{it}`"));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let Family {
            name, kind, help, ..
        } = family;
        writeln!(text, "| `{name}` | {kind} | {labels} | {help} |")?;
    }
    Ok(text)
}

/// The names of its labels, in the order in which samples have them.
fn labels<'a>(family: &Family<'a>) -> Vec<&'a str> {
    let mut labels = Vec::new();
    for (label, _) in family.samples.iter().flat_map(|sample| &sample.labels) {
        if !labels.contains(label) && *label != "le" {
            labels.push(*label);
        }
    }
    labels
}
