//! Builds the program that makes core modules, in its own folder of the target directory.
//!
//! The build never uses the network: `make toolchain` fetches the sources beforehand.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=modules");
    if let Err(message) = build() {
        println!("cargo::error={}", message.replace('\n', " | "));
    }
}

fn build() -> Result<(), String> {
    let folder = target()?.join("modules");
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("modules/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--locked", "--offline", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&folder)
        // The program does not inherit the flags of this build.
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER");
    let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let advice = if said.contains("--offline") {
            "its dependencies are not on this machine: run `make toolchain`, which fetches them"
        } else {
            ""
        };
        return Err(format!("{said}{advice}"));
    }
    println!(
        "cargo::rustc-env=MODULES={}",
        folder.join("debug/modules").display()
    );
    Ok(())
}

/// The target directory.
fn target() -> Result<PathBuf, String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    // <target>/<profile>/build/<package>/out
    let target = out.ancestors().nth(4).ok_or("OUT_DIR is too short")?;
    Ok(target.to_path_buf())
}
