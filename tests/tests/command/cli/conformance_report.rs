//! The output of `conformance` for a component.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::End;

/// Fewer records than the default, and enough time for all of them.
pub(crate) const QUICK: [&str; 4] = ["--records", "20000", "--budget", "1m"];

/// Checks that exactly this check fails, and that its message has all these words.
pub(crate) fn fails(component: &[u8], options: &[&str], name: &str, words: &[&str]) -> Result<()> {
    let (end, report) = report_of(component, &[&QUICK[..], options].concat())?;
    ensure!(end.code == Some(1) && report["conforms"] == false, "{end}");
    let failed = failed(&report)?;
    let names: Vec<_> = failed.iter().map(|check| &check["name"]).collect();
    ensure!(names == [name], "{names:?}\n{end}");
    let told: Vec<_> = ["expected", "seen", "fix"]
        .iter()
        .filter_map(|part| failed[0][part].as_str())
        .collect();
    ensure!(
        told.len() == 3 && told.iter().all(|text| !text.is_empty()),
        "{end}"
    );
    let told = told.join("\n");
    for word in words {
        ensure!(told.contains(word), "no {word:?} in\n{told}");
    }
    Ok(())
}

pub(crate) fn report_of(component: &[u8], options: &[&str]) -> Result<(End, Value)> {
    report(&TestFolder::with(component)?, "guest.wasm", options)
}

/// The JSON report of a component.
pub(crate) fn report(place: &TestFolder, file: &str, options: &[&str]) -> Result<(End, Value)> {
    let (options, arguments) = match options.iter().position(|it| *it == "--") {
        Some(place) => options.split_at(place),
        None => (options, &[][..]),
    };
    let head = ["conformance", "--format", "json", file];
    let end = place.run(&[&head[..], options, arguments].concat())?;
    let report: Value = serde_json::from_str(&end.stdout).with_context(|| format!("{end}"))?;
    ensure!(report["schema"] == "solti-metrics/conformance@1", "{end}");
    Ok((end, report))
}

pub(crate) fn failed(report: &Value) -> Result<Vec<&Value>> {
    with_result(report, "failed")
}

pub(crate) fn with_result<'a>(report: &'a Value, result: &str) -> Result<Vec<&'a Value>> {
    let mut checks = checks(report)?;
    checks.retain(|check| check["result"] == result);
    Ok(checks)
}

pub(crate) fn check<'a>(report: &'a Value, name: &str) -> Result<&'a Value> {
    let found = checks(report)?
        .into_iter()
        .find(|check| check["name"] == name);
    found.with_context(|| format!("no check {name}"))
}

/// The checks of all suites.
pub(crate) fn checks(report: &Value) -> Result<Vec<&Value>> {
    let suites = report["suites"].as_array().context("no suites")?;
    Ok(suites
        .iter()
        .filter_map(|suite| suite["checks"].as_array())
        .flatten()
        .collect())
}
