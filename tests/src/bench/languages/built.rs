use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::artifact::{BARE, WASI, compiler};
use crate::bench::Result;
use crate::toolchains::Example;

/// The build of a component.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Built {
    pub(super) seconds: f64,
    pub(super) bytes: u64,
}

impl Built {
    /// The figures that the script has written. Examples in Rust are built again in this
    /// folder.
    pub(super) fn of(example: &Example, component: &Path, folder: &Path) -> Result<Self> {
        let seconds = match &*example.toolchain {
            "rust" => cargo(&example.role, WASI, folder)?,
            "rust-wasi3" => cargo(&format!("{}_wasi3", example.role), BARE, folder)?,
            _ => noted(&fs::read_to_string(component.with_extension("built"))?)?,
        };
        let bytes = fs::metadata(component)?.len();
        Ok(Self { seconds, bytes })
    }
}

/// Builds a guest as `tests/build.rs` does.
fn cargo(name: &str, target: &str, folder: &Path) -> Result<f64> {
    let begun = Instant::now();
    let output = Command::new("cargo")
        .args(["build", "--package", "solti-metrics-guest", "--locked"])
        .args(["--profile", "guest", "--target", target, "--example", name])
        .arg("--target-dir")
        .arg(folder)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .env("RUSTC", compiler())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn noted(line: &str) -> Result<f64> {
    let mut words = line.split_whitespace();
    let seconds = words.find_map(|word| word.strip_prefix("seconds="));
    Ok(seconds.ok_or("no seconds")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_parsed_from_the_output_of_the_script() {
        assert_eq!(noted("seconds=0.05 bytes=7\n").ok(), Some(0.05));
        assert!(noted("bytes=7\n").is_err());
    }
}
