//! The configuration blocks for Prometheus on the page.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::blocks::blocks;

use crate::scale::page;

/// The kind of a block's file, and the arguments of `promtool`.
const CHECKS: [(&str, &[&str]); 2] = [
    ("rules.yml", &["check", "rules"]),
    ("prometheus.yml", &["check", "config", "--syntax-only"]),
];

pub(crate) fn accepted(promtool: &Path) -> Result<()> {
    for (name, check) in CHECKS {
        let mut checked = 0;
        for block in blocks(&page::text()?)? {
            if block.is("yaml", name) {
                let said = asked(promtool, check, &block.text)?;
                ensure!(said.status.success(), "{name}: {said:?}");
                checked += 1;
            }
        }
        ensure!(checked > 0, "no block is {name}");
    }
    Ok(())
}

pub(crate) fn refused(promtool: &Path) -> Result<()> {
    for (name, check) in CHECKS {
        let said = asked(promtool, check, "groups: no\nscrape_configs: no\n")?;
        ensure!(!said.status.success(), "promtool accepts any {name}");
    }
    Ok(())
}

fn asked(promtool: &Path, check: &[&str], text: &str) -> Result<Output> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("file.yml");
    std::fs::write(&file, text)?;
    let output = Command::new(promtool).args(check).arg(&file).output();
    output.with_context(|| promtool.display().to_string())
}
