//! The generated files for operators. They match the code here, use only exposed series,
//! and pass Prometheus' own tool. `BLESS=1` rewrites them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Result, ensure};
use solti_metrics_tests::operations::exposed::Exposed;
use solti_metrics_tests::trial::Trial;

mod evaluated;
mod exposition;
mod expressions;
mod grafana;
mod names;
mod promtool;
mod rules;
mod runbook;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let trials = [
        rules::trials(),
        grafana::trials(),
        names::trials(),
        exposition::trials(),
        runbook::trials(),
        promtool::trials(),
        evaluated::trials(),
    ];
    Ok(trials.into_iter().flatten().collect())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Compares a file with its generated text. With `BLESS=1`, writes it.
fn written(path: &str, text: &str) -> Result<()> {
    let file = root().join(path);
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return Ok(fs::write(file, text)?);
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    let mut lines = (1..).zip(found.lines().zip(text.lines()));
    let first = lines.find(|(_, (found, made))| found != made);
    ensure!(
        found == text,
        "{path} differs from the output of tests/src/operations: run `make bless`; the first difference is {first:?}"
    );
    Ok(())
}

/// The series that expressions may use: exposed series, recorded series, and those that
/// Prometheus adds.
fn askable() -> Result<Exposed> {
    let mut exposed = Exposed::read(exposition::exposition()?)?.and_of_the_scraper();
    for recording in solti_metrics_tests::operations::alerts::recordings() {
        exposed = exposed.and_recorded(recording.name, &recording.expression)?;
    }
    Ok(exposed)
}
