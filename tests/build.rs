//! Builds the guests that the tests run. Each file in `guest/examples/`, and
//! `tests/raises/raises.rs`, becomes a component for each of its targets.
//!
//! `tools/wasm-toolchain.sh` chooses the compiler. The guests have a separate target
//! directory, so that a switch between the two compilers rebuilds nothing. The build
//! never uses the network: `make toolchain` fetches the compiler and the sources of the
//! guests' dependencies beforehand.

#![allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each guest and its targets.
const GUESTS: &[(&str, &[&str])] = &[
    ("bare", &[WASI, BARE]),
    ("provider", &[WASI, BARE]),
    ("raises", &[WASI]),
    ("digest", &[WASI]),
    ("hello", &[WASI]),
    ("jsonl", &[WASI]),
    ("middleware", &[WASI, BARE]),
    ("otlp", &[WASI]),
    ("lines", &[WASI]),
    ("rename", &[WASI]),
    ("reporter", &[WASI]),
    ("reporter_wasi3", &[BARE]),
    ("sampler", &[WASI]),
    ("statsd", &[WASI]),
];

const WASI: &str = "wasm32-wasip2";
const BARE: &str = "wasm32-unknown-unknown";

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let paths = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "guest",
        "tests/raises",
        "wit",
        "tools",
    ];
    for path in paths {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    for variable in ["WASM_TOOLCHAIN", "WASM_TOOLCHAIN_DIR"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    if let Err(message) = all_are_listed(&root).and_then(|()| build(&root)) {
        println!("cargo::error={}", message.replace('\n', " | "));
    }
}

/// Rejects a guest that is not listed: it would be neither built nor tested.
fn all_are_listed(root: &Path) -> Result<(), String> {
    let examples = root.join("guest/examples");
    let found = std::fs::read_dir(&examples).map_err(|error| error.to_string())?;
    for entry in found.flatten() {
        let path = entry.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if path.extension().is_some_and(|extension| extension == "rs")
            && !GUESTS.iter().any(|(name, _)| Some(*name) == stem)
        {
            return Err(format!("{}: list it in tests/build.rs", path.display()));
        }
    }
    Ok(())
}

fn build(root: &Path) -> Result<(), String> {
    let toolchain = Command::new(root.join("tools/wasm-toolchain.sh"))
        .arg("--no-fetch")
        .output()
        .map_err(|error| format!("tools/wasm-toolchain.sh: {error}"))?;
    if !toolchain.status.success() {
        return Err(String::from_utf8_lossy(&toolchain.stderr).into_owned());
    }
    let rustc = String::from_utf8_lossy(&toolchain.stdout).trim().to_owned();
    let folder = guests_folder()?;
    for target in [WASI, BARE] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([
                "build",
                "--package",
                "solti-metrics-guest",
                "--profile",
                "guest",
            ])
            .args(["--locked", "--offline", "--target", target, "--target-dir"])
            .arg(&folder)
            .current_dir(root)
            .env("RUSTC", &rustc)
            // The guests do not inherit the flags of this build.
            .env("CARGO_ENCODED_RUSTFLAGS", without_paths()?)
            .env_remove("RUSTFLAGS")
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTC_WORKSPACE_WRAPPER");
        for (name, _) in GUESTS
            .iter()
            .filter(|(_, targets)| targets.contains(&target))
        {
            cargo.args(["--example", name]);
        }
        let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{said}{}", advice(&said)));
        }
    }
    println!("cargo::rustc-env=GUESTS={}", folder.display());
    println!("cargo::rustc-env=GUEST_RUSTC={rustc}");
    Ok(())
}

/// The flag that keeps this machine's path of the dependencies out of the guests, so that a
/// guest is the same on every machine. The Makefile has the same flag.
fn without_paths() -> Result<String, String> {
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let cargo = cargo.ok_or("no CARGO_HOME and no HOME")?;
    let sources = cargo.join("registry/src");
    Ok(format!(
        "--remap-path-prefix={}=registry",
        sources.display()
    ))
}

/// Advice where the sources of a dependency are missing.
fn advice(said: &str) -> &'static str {
    if said.contains("--offline") {
        "the guests' dependencies are not on this machine: run `make toolchain`, which fetches them"
    } else {
        ""
    }
}

/// The folder `guests` in the target directory.
fn guests_folder() -> Result<PathBuf, String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    // <target>/<profile>/build/<package>/out
    let target = out.ancestors().nth(4).ok_or("OUT_DIR is too short")?;
    Ok(target.join("guests"))
}
