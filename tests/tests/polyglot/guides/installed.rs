//! The pages install the versions that the tests use.

use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::guides::page::{Block, blocks_of, root};
use crate::guides::{Check, each};

pub(crate) const CHECKS: &[Check] = &[
    (
        "the_installed_toolchains_are_the_tested_ones",
        the_toolchains_are_those_tested,
    ),
    ("the_command_installed_is_ours", the_command_is_ours),
];

fn the_toolchains_are_those_tested() -> Result<()> {
    each(|_, page| {
        let line = only_install(page)?;
        let (program, packages) = line.split_once(' ').context("no arguments")?;
        let pinned = match (program, packages) {
            ("rustup", "target add wasm32-wasip2") => {
                let makefile = read("host/cli/templates/rust/Makefile")?;
                makefile.contains("--target wasm32-wasip2")
            }
            ("npm", "install componentize-qjs@0.4.5") => {
                let package = read("tools/languages/quickjs/package.json")?;
                package.contains("\"componentize-qjs\": \"0.4.5\"")
            }
            ("pip", packages) => {
                let packages = packages.strip_prefix("install ").context("what?")?;
                let mut pins = String::new();
                for pin in ["wasm-tools", "ziglang", "go", "componentize-py"] {
                    pins += &read(&format!("tools/languages/{pin}.txt"))?;
                }
                packages.split(' ').all(|package| {
                    let is = |pin: &str| pin.split(' ').next() == Some(package);
                    pins.lines().any(is)
                })
            }
            _ => bail!("`{line}` installs unknown software"),
        };
        ensure!(pinned, "`{line}` installs an untested version");
        Ok(())
    })
}

fn the_command_is_ours() -> Result<()> {
    let page = blocks_of("README.md")?;
    let line = only_install(&page)?;
    let path = line.strip_prefix("cargo install --locked --path ");
    let path = path.with_context(|| line.to_owned())?;
    let manifest = read(&format!("{path}/Cargo.toml"))?;
    let manifest: toml::Table = manifest.parse()?;
    let program = manifest["bin"][0]["name"].as_str();
    ensure!(program == Some("solti-metrics"), "{program:?}");
    Ok(())
}

/// A single line installs everything.
fn only_install(page: &[Block]) -> Result<&str> {
    let mut lines = page
        .iter()
        .filter(|block| block.is("sh", "install"))
        .flat_map(Block::lines);
    match (lines.next(), lines.next()) {
        (Some(line), None) => Ok(line),
        other => bail!("not one line that installs: {other:?}"),
    }
}

fn read(file: &str) -> Result<String> {
    fs::read_to_string(root().join(file)).with_context(|| file.to_owned())
}
