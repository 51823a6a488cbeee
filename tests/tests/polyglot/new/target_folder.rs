//! Target folders of projects in Rust.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::new::project::new_in;

/// Runs with a cargo that builds nothing, and writes to the folder that the real cargo
/// would use.
pub(super) fn another_target_folder() -> Result<()> {
    let cargo = std::env::var("CARGO").context("run this with cargo")?;
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = build ] || exec \"{cargo}\" \"$@\"\n\
         dir=\"${{CARGO_TARGET_DIR:-${{CARGO_BUILD_TARGET_DIR:-$ELSEWHERE}}}}/wasm32-wasip2/release\"\n\
         mkdir -p \"$dir\" && echo built >\"$dir/mine.wasm\"\n"
    );
    for variable in ["ELSEWHERE", "CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"] {
        let folder = tempfile::tempdir()?;
        let elsewhere = folder.path().join("else where");
        fs::write(folder.path().join("cargo"), &script)?;
        if variable == "ELSEWHERE" {
            fs::create_dir(folder.path().join(".cargo"))?;
            let config = format!("[build]\ntarget-dir = {elsewhere:?}\n");
            fs::write(folder.path().join(".cargo/config.toml"), config)?;
        }
        ensure!(
            new_in(folder.path(), "rust", "provider", "mine")?
                .status
                .success()
        );
        // The key of the same name is for other tools.
        let path = folder.path().join("mine/Cargo.toml");
        let manifest = fs::read_to_string(&path)?;
        let other = "target_directory = \"other\"\n";
        let other = format!("\n[package.metadata]\n{other}[workspace.metadata]\n{other}");
        fs::write(&path, manifest + &other)?;
        let output = Command::new("make")
            .arg("CARGO=sh ../cargo")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("CARGO_BUILD_TARGET_DIR")
            .env_remove("MAKEFLAGS")
            .env(variable, &elsewhere)
            .current_dir(folder.path().join("mine"))
            .output()?;
        ensure!(output.status.success(), "{variable}: {output:?}");
        let made = fs::read_to_string(folder.path().join("mine/mine.wasm"))?;
        ensure!(made == "built\n", "{variable}: {made}");
    }
    Ok(())
}
