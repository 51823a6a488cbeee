//! Guest and provider, run by the command.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, cache_home, command};

pub(crate) fn check(component: &Path, speaks: bool) -> Result<()> {
    let guest = run(Command::new(command()).arg("run").arg(component))?;
    ensure!(guest.status.code() == Some(1), "{guest:?}");
    says(&guest, "boom in the middle", speaks)?;

    let folder = tempfile::tempdir()?;
    let text = folder.path().join("text");
    std::fs::write(&text, "a line, and thus two records\n")?;
    let provider = run(Command::new(command())
        .args(["run", "--stdin"])
        .arg(&text)
        .arg("--middleware")
        .arg(component)
        .args(["--backend", "noop"])
        .arg(artifact("reporter", WASI)))?;
    // A record is lost.
    ensure!(provider.status.code() == Some(1), "{provider:?}");
    says(&provider, ": raises failed once: it trapped: ", true)?;
    says(&provider, "  | ", speaks)?;
    says(&provider, "boom at record 3", speaks)
}

fn run(run: &mut Command) -> Result<Output> {
    Ok(run.env("XDG_CACHE_HOME", cache_home()).output()?)
}

fn says(output: &Output, what: &str, whether: bool) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(said.contains(what) == whether, "{what}: {whether}:\n{said}");
    Ok(())
}
