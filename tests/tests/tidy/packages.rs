//! The packages in a registry.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::dependencies::packages;
use crate::tree::root;

/// The maximum of crates.io.
const MOST_KEYWORDS: usize = 5;

/// The categories of crates.io that fit this project.
const CATEGORIES: [&str; 6] = [
    "api-bindings",
    "asynchronous",
    "command-line-utilities",
    "development-tools::profiling",
    "development-tools::testing",
    "wasm",
];

/// The packages that are published to a registry.
fn published() -> Result<Vec<Value>> {
    let mut packages = packages()?;
    // An empty list is `publish = false`.
    packages.retain(|it| it["publish"] != Value::Array(Vec::new()));
    ensure!(packages.len() > 4, "{} packages", packages.len());
    Ok(packages)
}

fn folder(package: &Value) -> Result<&Path> {
    let manifest = package["manifest_path"].as_str().context("no path")?;
    Path::new(manifest).parent().context("no folder")
}

/// An embedder can take a patch release of a dependency without a release of ours.
#[test]
fn published_packages_state_ranges_and_no_exact_versions() -> Result<()> {
    for package in published()? {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let requirement = dependency["req"].as_str().context("no requirement")?;
            ensure!(
                requirement.starts_with('^') && !requirement.contains(','),
                "{}: {} is {requirement}",
                package["name"],
                dependency["name"]
            );
        }
    }
    Ok(())
}

#[test]
fn published_packages_say_what_they_are() -> Result<()> {
    for package in published()? {
        let name = package["name"].as_str().context("no name")?;
        let folder = folder(&package)?;
        let texts = |key: &str| -> Vec<String> {
            let texts = package[key].as_array().into_iter().flatten();
            texts
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect()
        };
        ensure!(package["description"].is_string(), "{name}: no description");
        ensure!(package["license"] == "Apache-2.0", "{name}: no license");
        let keywords = texts("keywords");
        ensure!(
            (1..=MOST_KEYWORDS).contains(&keywords.len()),
            "{name}: {keywords:?}"
        );
        let categories = texts("categories");
        ensure!(!categories.is_empty(), "{name}: no categories");
        for category in &categories {
            ensure!(CATEGORIES.contains(&&**category), "{name}: {category}");
        }
        // The project has no address yet, and none is invented.
        for address in ["repository", "homepage", "documentation"] {
            ensure!(package[address].is_null(), "{name}: {}", package[address]);
        }
        let licence = fs::read(folder.join("LICENSE")).context(name.to_owned())?;
        ensure!(licence == fs::read(root().join("LICENSE"))?, "{name}");
        let readme = fs::read_to_string(folder.join("README.md")).context(name.to_owned())?;
        ensure!(readme.starts_with("# solti-metrics"), "{name}: {readme}");

        let is_library = package["targets"].to_string().contains("\"lib\"");
        if is_library {
            let docs = &package["metadata"]["docs"]["rs"];
            ensure!(docs["all-features"] == true, "{name}: {docs}");
            let badges = serde_json::json!(["--cfg", "docsrs"]);
            ensure!(docs["rustdoc-args"] == badges, "{name}: {docs}");
            let page = fs::read_to_string(folder.join("src/lib.rs"))?;
            let badges = "\n#![cfg_attr(docsrs, feature(doc_cfg))]\n";
            ensure!(page.contains(badges), "{name}: no badges");
        }
    }
    Ok(())
}
