//! The Rust that the manifests declare is the one that is needed.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::dependencies::packages;
use crate::tree::root;

/// The version that the workspace declares, such as `1.95`.
fn declared() -> Result<String> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
    let version = manifest["workspace"]["package"]["rust-version"].as_str();
    Ok(version.context("no rust-version")?.to_owned())
}

/// The numbers of a version; a patch that is not stated is the first.
fn numbers(version: &str) -> Result<[u32; 3]> {
    let mut numbers = [0; 3];
    for (at, part) in version.split('.').enumerate() {
        *numbers.get_mut(at).context("four numbers")? = part.parse()?;
    }
    Ok(numbers)
}

#[test]
fn every_package_declares_the_rust_of_the_workspace() -> Result<()> {
    let declared = declared()?;
    for package in packages()? {
        let version = package["rust_version"].as_str();
        ensure!(version == Some(&*declared), "{}", package["name"]);
    }
    Ok(())
}

#[test]
fn no_dependency_needs_a_newer_rust_than_is_declared() -> Result<()> {
    let most = numbers(&declared()?)?;
    let mut stated = 0;
    for package in resolved()? {
        let Some(version) = package["rust_version"].as_str() else {
            continue;
        };
        ensure!(
            numbers(version)? <= most,
            "{} {} needs Rust {version}",
            package["name"],
            package["version"]
        );
        stated += 1;
    }
    ensure!(stated > 100, "{stated} packages state what they need");
    Ok(())
}

/// Programs without our crates, as `docs/guests/rust.md` has them, build with older ones.
#[test]
fn pages_on_building_these_crates_name_the_declared_rust() -> Result<()> {
    let named = format!("Rust {} or newer", declared()?);
    for page in [
        "README.md",
        "docs/guests/README.md",
        "host/cli/templates/rust-sdk/README.md",
    ] {
        let text = fs::read_to_string(root().join(page))?;
        ensure!(text.contains(&named), "{page} does not name {named}");
    }
    Ok(())
}

/// The tests run there with the declared Rust, and the lints with the newest.
#[test]
fn a_workflow_tests_with_the_declared_rust() -> Result<()> {
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml"))?;
    let toolchain = format!("RUSTUP_TOOLCHAIN: \"{}.0\"", declared()?);
    ensure!(workflow.contains(&toolchain), "no {toolchain}");
    Ok(())
}

/// The metadata of all packages that are compiled here, from Cargo.
fn resolved() -> Result<Vec<Value>> {
    let compiler = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()?;
    let platform = String::from_utf8(compiler.stdout)?;
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", platform.trim()])
        .current_dir(root())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed: {error}");
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    Ok(packages.clone())
}
