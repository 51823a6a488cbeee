//! A provider under test by the command.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{cache_home, command};

/// Fewer records than by default: they come in each language.
const QUICK: [&str; 4] = ["--records", "20000", "--budget", "2s"];

pub(crate) fn check(component: &Path) -> Result<()> {
    let (output, report) = report(component)?;
    ensure!(output.status.success(), "{report:#}");
    ensure!(report["conforms"] == true, "{report:#}");
    Ok(())
}

/// StarlingMonkey collects nothing before it has more memory than a provider gets.
pub(crate) fn leaks(component: &Path) -> Result<()> {
    let (output, report) = report(component)?;
    ensure!(output.status.code() == Some(1), "{report:#}");
    let checks = report["suites"][0]["checks"].as_array();
    let checks = checks.context("no checks")?;
    let mut failed = checks.iter().filter(|check| check["result"] == "failed");
    let about_memory = |check: &Value| {
        let name = check["name"].as_str().unwrap_or_default();
        let seen = check["seen"].as_str().unwrap_or_default();
        name.starts_with("memory-of-") && seen.contains(" B for each ")
    };
    ensure!(failed.all(about_memory), "{report:#}");
    let scrapes = checks.iter().find(|it| it["name"] == "memory-of-scrapes");
    let slope = scrapes.and_then(|it| it["figures"]["bytes_per_scrape"].as_f64());
    // Some 650,000.
    ensure!(slope.is_some_and(|bytes| bytes > 100_000.0), "{slope:?}");
    Ok(())
}

fn report(component: &Path) -> Result<(Output, Value)> {
    let output = Command::new(command())
        .args(["conformance", "--format", "json"])
        .args(QUICK)
        .arg(component)
        .env("XDG_CACHE_HOME", cache_home())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).with_context(|| said)?;
    Ok((output, report))
}
