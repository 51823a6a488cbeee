//! A large component is compiled within the memory that the manifests grant.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::command;

/// Files in `deploy/` with a configuration.
const FILES: [&str; 2] = ["serve.toml", "kubernetes/runner.yaml"];

/// Percentage of the granted memory that suffices here. Each thread of the compiler has its
/// own memory, and a machine with more processors has up to four threads.
const PART: u64 = 60;

pub(crate) fn check(component: &Path) -> Result<()> {
    let granted = FILES.map(granted).into_iter().collect::<Result<Vec<_>>>()?;
    let memory = granted.into_iter().min().unwrap_or(0) * 1024 * PART / 100;
    let folder = tempfile::tempdir()?;
    let output = Command::new(command())
        .args(["precompile", "--compile-memory", &format!("{memory}MiB")])
        .arg("--cache")
        .arg(folder.path().join("cache"))
        .arg(component)
        .arg("--output")
        .arg(folder.path().join("out"))
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{memory} MiB: {errors}");
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(printed.contains("calls not inlined"), "{printed}");
    Ok(())
}

/// Value of `compile_memory` in a file, in GiB.
fn granted(file: &str) -> Result<u64> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let text = fs::read_to_string(deploy.join(file)).context(file.to_owned())?;
    let value = text.lines().find_map(|line| {
        let value = line.trim().strip_prefix("compile_memory = \"")?;
        value.strip_suffix("GiB\"")
    });
    let value = value.with_context(|| format!("{file} has no `compile_memory` in GiB"))?;
    Ok(value.parse()?)
}
