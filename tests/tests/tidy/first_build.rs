//! `make run` compiles no dependency in a form that `make test` would compile again.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tree::root;

/// Packages with other features in the whole workspace. Few packages depend on them.
const OTHERWISE: [&str; 3] = ["regex-syntax", "solti-metrics-host", "wit-component"];

#[test]
fn the_first_build_selects_the_features_of_the_whole_workspace() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let first = makefile
        .lines()
        .find_map(|line| line.strip_prefix("FIRST := "))
        .context("the Makefile has no FIRST")?;
    let first = selected(&first.split_whitespace().collect::<Vec<_>>())?;
    let whole = selected(&["--workspace"])?;
    ensure!(first.len() > 200, "{} packages", first.len());
    let other: Vec<_> = first
        .difference(&whole)
        .filter(|line| !OTHERWISE.iter().any(|name| is_of(line, name)))
        .collect();
    ensure!(
        other.is_empty(),
        "features differ from those of the whole workspace; declare the missing features in [workspace.dependencies]: {other:#?}"
    );
    for name in OTHERWISE {
        ensure!(
            first.difference(&whole).any(|line| is_of(line, name)),
            "{name} is the same in both: remove it here"
        );
    }
    Ok(())
}

fn is_of(line: &str, name: &str) -> bool {
    line.strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(" v"))
}

/// Each package of a build, with its version and features.
fn selected(packages: &[&str]) -> Result<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--offline", "--edges", "normal,build"])
        .args(["--no-dedupe", "--prefix", "none", "--format", "{p} {f}"])
        .args(packages)
        .current_dir(root())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout)?;
    Ok(lines.lines().map(str::to_owned).collect())
}
