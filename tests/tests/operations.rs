//! What operators are given is what the code here makes, asks for what runners
//! expose, and does what it says in the eyes of Prometheus' own tool. `BLESS=1`
//! rewrites it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_tests::operations::exposed::Exposed;

#[path = "operations/evaluated.rs"]
mod evaluated;
#[path = "operations/exposition.rs"]
mod exposition;
#[path = "operations/expressions.rs"]
mod expressions;
#[path = "operations/grafana.rs"]
mod grafana;
#[path = "operations/names.rs"]
mod names;
#[path = "operations/promtool.rs"]
mod promtool;
#[path = "operations/rules.rs"]
mod rules;
#[path = "operations/runbook.rs"]
mod runbook;

fn main() {
    let arguments = Arguments::from_args();
    let trials = [
        rules::trials(),
        grafana::trials(),
        names::trials(),
        exposition::trials(),
        runbook::trials(),
        promtool::trials(),
        evaluated::trials(),
    ];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, check: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, || {
        check().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file is what it is made to be, or is rewritten.
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
        "{path} is not what tests/src/operations makes: run `make bless`; it differs first at {first:?}"
    );
    Ok(())
}

/// What expressions may ask for: what is exposed, what is recorded of it, and what
/// Prometheus adds.
fn askable() -> Result<Exposed> {
    let mut exposed = Exposed::read(exposition::exposition()?)?.and_of_the_scraper();
    for recording in solti_metrics_tests::operations::alerts::recordings() {
        exposed = exposed.and_recorded(recording.name, &recording.expression)?;
    }
    Ok(exposed)
}
