//! A provider, tested by the command.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{cache_home, command};

pub(crate) fn check(component: &Path) -> Result<()> {
    // Fewer records than the default, since the test runs for each language.
    let (output, report) = report(component, &["--records", "20000", "--budget", "2s"])?;
    ensure!(output.status.success(), "{report:#}");
    ensure!(report["conforms"] == true, "{report:#}");
    Ok(())
}

/// StarlingMonkey collects no garbage below about 75 MiB, which is more than a provider's
/// default limit. Thousands of scrapes are necessary to reach the collection.
pub(crate) fn collects_late(component: &Path) -> Result<()> {
    let (output, report) = report(component, &["--records", "1000", "--budget", "30s"])?;
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
    Ok(())
}

fn report(component: &Path, options: &[&str]) -> Result<(Output, Value)> {
    let output = Command::new(command())
        .args(["conformance", "--format", "json"])
        .args(options)
        .arg("--cache")
        .arg(cache_home().join("languages"))
        .arg(component)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).with_context(|| said)?;
    Ok((output, report))
}
