//! The list of dependencies that handle hostile input names crates that the project uses.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tree::root;

const PAGE: &str = "docs/reference/supply-chain.md";

/// The first cells of the table's head.
const HEAD: &str = "| crate | input | repository |";

#[test]
fn each_crate_of_the_list_is_used_and_has_its_repository() -> Result<()> {
    let page = fs::read_to_string(root().join(PAGE))?;
    let used = repositories()?;
    let mut found = 0;
    let mut within = false;
    for line in page.lines() {
        within = line.starts_with(HEAD) || within && line.starts_with('|');
        if !within || line.starts_with(HEAD) || line.starts_with("|---") {
            continue;
        }
        let mut cells = line.trim_matches('|').split('|');
        let crates = cells.next().context("no crates")?;
        let addresses = cells.nth(1).context("no repository")?;
        let addresses: Vec<_> = addresses
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .collect();
        for name in crates.split('`').skip(1).step_by(2) {
            let repository = used
                .get(name)
                .with_context(|| format!("{name} is not in Cargo.lock"))?;
            ensure!(
                addresses.iter().any(|it| repository.starts_with(it)),
                "{name} is from {repository}, and the page has {addresses:?}"
            );
            found += 1;
        }
    }
    ensure!(found > 30, "found {found} crates only");
    Ok(())
}

/// The repository of each crate in `Cargo.lock`, as its manifest names it.
fn repositories() -> Result<BTreeMap<String, String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let repositories = packages.iter().filter_map(|package| {
        let name = package["name"].as_str()?.to_owned();
        let repository = package["repository"].as_str().unwrap_or_default();
        Some((name, repository.to_owned()))
    });
    Ok(repositories.collect())
}
