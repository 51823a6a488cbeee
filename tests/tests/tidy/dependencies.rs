//! The permitted dependencies, checked with Cargo's metadata of the manifests.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tree::root;

#[test]
fn the_facade_has_no_dependency_by_default() -> Result<()> {
    for dependency in dependencies("solti-metrics")? {
        assert!(
            dependency.optional || dependency.kind == Kind::Dev,
            "the facade must not need `{}`",
            dependency.name
        );
    }
    Ok(())
}

#[test]
fn the_facade_turns_no_feature_on_by_default() -> Result<()> {
    let package = package("solti-metrics")?;
    assert_eq!(package["features"]["default"], Value::Array(Vec::new()));
    Ok(())
}

#[test]
fn the_guest_knows_only_the_facade_and_wit_bindgen() -> Result<()> {
    let mut names: Vec<_> = dependencies("solti-metrics-guest")?
        .into_iter()
        .filter(|dependency| dependency.kind != Kind::Dev)
        .map(|dependency| dependency.name)
        .collect();
    names.sort();
    assert_eq!(names, ["solti-metrics", "wit-bindgen"]);
    Ok(())
}

#[test]
fn host_and_guest_share_only_the_text_in_wit() -> Result<()> {
    let strangers = [
        ("solti-metrics-guest", "solti-metrics-host"),
        ("solti-metrics-host", "solti-metrics-guest"),
        ("solti-metrics-cli", "solti-metrics-guest"),
        ("solti-metrics-server", "solti-metrics-guest"),
        ("solti-metrics-conformance", "solti-metrics-guest"),
        // Tests run the guests, and link none of them.
        ("solti-metrics-tests", "solti-metrics-guest"),
        ("solti-metrics-fuzz", "solti-metrics-guest"),
    ];
    for (who, whom) in strangers {
        let known = dependencies(who)?.into_iter().any(|d| d.name == whom);
        assert!(!known, "`{who}` must not know `{whom}`");
    }
    Ok(())
}

/// Libraries know lower libraries only, and no terminal.
#[test]
fn no_arrow_runs_back_up() -> Result<()> {
    let above = [
        "solti-metrics-cli",
        "solti-metrics-conformance",
        "solti-metrics-server",
    ];
    for (who, knows) in [
        ("solti-metrics", &[][..]),
        ("solti-metrics-host", &["solti-metrics"]),
        (
            "solti-metrics-server",
            &["solti-metrics", "solti-metrics-host"],
        ),
        (
            "solti-metrics-conformance",
            &["solti-metrics", "solti-metrics-host"],
        ),
    ] {
        let mut known: Vec<_> = dependencies(who)?
            .into_iter()
            .map(|dependency| dependency.name)
            .collect();
        for stranger in above.iter().chain(&["clap", "signal-hook"]) {
            assert!(!known.iter().any(|it| it == stranger), "{who}: {stranger}");
        }
        known.retain(|name| name == "solti-metrics" || name == "solti-metrics-host");
        known.sort();
        assert_eq!(known, knows, "{who}");
    }
    Ok(())
}

/// An entry in a package's manifest.
struct Dependency {
    name: String,
    kind: Kind,
    optional: bool,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Normal,
    Build,
    Dev,
}

fn dependencies(name: &str) -> Result<Vec<Dependency>> {
    let package = package(name)?;
    let entries = package["dependencies"].as_array();
    let entries = entries.context("a package has dependencies")?;
    entries.iter().map(dependency).collect()
}

fn dependency(entry: &Value) -> Result<Dependency> {
    Ok(Dependency {
        name: entry["name"].as_str().context("a name")?.to_owned(),
        kind: match entry["kind"].as_str() {
            None => Kind::Normal,
            Some("build") => Kind::Build,
            Some(_) => Kind::Dev,
        },
        optional: entry["optional"].as_bool().context("optional or not")?,
    })
}

/// Cargo's metadata of one package of the workspace.
fn package(name: &str) -> Result<Value> {
    let mut packages = packages()?.into_iter();
    let found = packages.find(|package| package["name"] == name);
    found.with_context(|| format!("no package `{name}`"))
}

/// Cargo's metadata of all packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Value>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed: {error}");

    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    Ok(packages.clone())
}

/// Otherwise `make run` and `make test` would each build wasmtime.
#[test]
fn tests_choose_the_features_of_the_build() -> Result<()> {
    let plain = features("normal,build")?;
    let tested = features("normal,build,dev")?;
    ensure!(plain.iter().any(|line| line.starts_with("wasmtime v")));
    let changed: Vec<_> = plain.iter().filter(|line| !tested.contains(line)).collect();
    ensure!(
        changed.is_empty(),
        "a dev-dependency changes the features of {changed:#?}"
    );
    Ok(())
}

/// All packages of the workspace's tree with their features.
fn features(edges: &str) -> Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--offline",
            "--edges",
            edges,
        ])
        .args(["--prefix", "none", "--no-dedupe", "--format", "{p} {f}"])
        .current_dir(root())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree failed: {error}");
    let text = String::from_utf8(output.stdout)?;
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    Ok(lines)
}
