//! `docs/operate/alerts.md` has a section for each alert, and names only existing things.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, ensure};
use solti_metrics::RunnerErrorKind;
use solti_metrics_host::DropReason;
use solti_metrics_tests::operations::promql::uses;
use solti_metrics_tests::trial::{Trial, trial};

use crate::operations::rules::all;
use crate::operations::{askable, root};

const PAGE: &str = "docs/operate/alerts.md";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("each_alert_has_its_section_on_the_page", sections),
        trial("the_page_has_each_reason_and_each_step", labels),
        trial("metrics_that_the_page_names_are_exposed", metrics),
    ]
}

fn page() -> Result<String> {
    Ok(fs::read_to_string(root().join(PAGE))?)
}

/// The headings of the third level are the alerts, in order.
fn sections() -> Result<()> {
    let page = page()?;
    let found: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let alerts: Vec<_> = all().map(|alert| alert.name).collect();
    ensure!(
        found == alerts,
        "the page has {found:?}, the alerts are {alerts:?}"
    );
    for alert in all() {
        let anchor = format!("{PAGE}#{}", alert.name.to_lowercase());
        ensure!(alert.runbook() == anchor, "{} leads elsewhere", alert.name);
        let section = page
            .split(&format!("\n### {}\n", alert.name))
            .nth(1)
            .unwrap_or_default();
        let section = section.split("\n#").next().unwrap_or_default();
        ensure!(
            section.contains(&format!("\nSeverity: {}. ", alert.severity)),
            "{}: how severe?",
            alert.name
        );
        for part in ["**Meaning**", "**Impact**", "**Check**", "**Fix**"] {
            ensure!(section.contains(part), "{}: no {part}", alert.name);
        }
    }
    Ok(())
}

fn labels() -> Result<()> {
    let page = page()?;
    let reasons = DropReason::ALL.map(DropReason::as_label);
    for label in reasons {
        ensure!(
            page.contains(&format!("\n| `{label}` |")),
            "no row for {label}"
        );
    }
    for step in RunnerErrorKind::ALL.map(RunnerErrorKind::as_label) {
        ensure!(page.contains(&format!("`{step}`")), "no word on {step}");
    }
    Ok(())
}

/// Text in backticks with the prefix of our metrics, or of a process's metrics.
fn metrics() -> Result<()> {
    let page = page()?;
    let mut named = BTreeSet::new();
    for code in page.split('`').skip(1).step_by(2) {
        let is_metric = |prefix| code.starts_with(prefix) && !code.contains(['-', ' ', '/']);
        if ["solti_", "process_", "up"].into_iter().any(is_metric) {
            named.insert(code);
        }
    }
    ensure!(named.len() > 20, "it names only {named:?}");
    for metric in named {
        let missing = askable()?.missing(&uses(metric)?);
        ensure!(missing.is_empty(), "{}", missing.join("; "));
    }
    Ok(())
}
