//! `provider.wasm`: its exposition equals the host's.

use std::io::{Seek, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics::{ExpositionFormat, PrometheusMetrics};
use solti_metrics_host::provider::Grants;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::script::script;
use solti_metrics_tests::series::Series;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::tested_provider::TestedProvider;

pub(crate) fn trials() -> Vec<Trial> {
    let client = ReferenceTool::prometheus_client();
    vec![
        trial("provider_exposes_the_exposition_of_the_host", exposes),
        client.trial("client_reads_every_series_of_provider", client_reads),
    ]
}

fn exposes() -> Result<()> {
    let provider = TestedProvider::start("provider", &Grants::new())?;
    let ours = PrometheusMetrics::new();
    let rounds = [Vec::new(), script(), script()];
    for round in &rounds {
        provider.record(round);
        for event in round {
            event.record_into(&ours);
        }
        let theirs = provider.expose()?;
        ensure!(theirs.ends_with("\n# EOF\n"), "{theirs}");
        let ours = ours.encode(ExpositionFormat::OpenMetrics)?;
        ensure!(
            sorted(&theirs) == sorted(&ours),
            "{theirs}\n\nours:\n{ours}"
        );
    }
    provider.stop_without_loss(rounds.concat().len())
}

/// The series of a family have the order of a hash map.
fn sorted(exposition: &str) -> Vec<&str> {
    let mut lines: Vec<_> = exposition.lines().collect();
    lines.sort_unstable();
    lines
}

fn client_reads(python_path: &Path) -> Result<()> {
    let provider = TestedProvider::start("provider", &Grants::new())?;
    provider.record(&script());
    let exposition = provider.expose()?;
    let mut file = tempfile::tempfile()?;
    file.write_all(exposition.as_bytes())?;
    file.rewind()?;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference_tools");
    let said = Command::new("python3")
        .env("PYTHONPATH", python_path)
        .arg(scripts.join("parse_exposition.py"))
        .arg("openmetrics")
        .stdin(Stdio::from(file))
        .output()?;
    ensure!(said.status.success(), "prometheus_client prints {said:?}");
    let mut read = Series::default();
    for row in serde_json::from_slice::<Vec<Value>>(&said.stdout)? {
        add(&mut read, &row).with_context(|| row.to_string())?;
    }
    Series::of(&script())?.must_equal(&read)?;
    provider.stop_without_loss(script().len())
}

fn add(series: &mut Series, row: &Value) -> Result<()> {
    let (Some(name), Some(labels), Some(value)) =
        (row[1].as_str(), row[2].as_object(), row[3].as_f64())
    else {
        bail!("no sample");
    };
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str().unwrap_or_default()))
        .collect();
    series.add(name, &labels, value)
}
