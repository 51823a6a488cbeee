//! Arguments of the command.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use solti_metrics_host::text::is_hidden;
use solti_metrics_tests::artifact::program;
use solti_metrics_tests::child::Running;
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::parts::keeper;
use tempfile::TempDir;

use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "command_lines",
    run,
    seeds: &[],
    words: &[
        "run\0", "check\0", "compose\0", "precompile\0", "conformance\0", "wit\0", "new\0", "completions\0", "man\0", "--help\0",
        "guest.wasm\0", "provider.wasm\0", "serve.toml\0", "--\0", "--backend\0", "--grant\0", "env=A=B\0", "--dir\0", ".\0",
        "--timeout\0", "--max-memory\0", "--quota\0", "--format\0", "json\0", "-o\0", "-\0", "--repeat\0", "--env\0", "A=B\0",
        "--recording-mode\0", "direct\0", "--stack\0", "--cache-size\0", "--no-cache\0", "--identity\0", "=", "\0", "\u{1b}[2J", "\n",
        "1s\0", "1MiB\0", "18446744073709551616\0", "--version\0",
    ],
    longest: 400,
    limits: Limits::SMALL,
};

/// Bound of one run of the command.
const GUARD: Duration = Duration::from_secs(50);

/// Exit codes of the command: success, failure and wrong use.
const CODES: [i32; 3] = [0, 1, 2];

/// Files of the folder, by their names.
type FolderFiles = [(&'static str, Vec<u8>); 3];

static FILES: LazyLock<Result<FolderFiles>> = LazyLock::new(|| {
    Ok([
        ("guest.wasm", recording(&[])?),
        ("provider.wasm", keeper()?),
        ("serve.toml", b"[tasks.a]\ncomponent = \"guest.wasm\"\nschedule = \"once\"\n".to_vec()),
    ])
});

/// The command ends with a documented code, and its messages have no control characters.
fn run(input: &[u8]) -> Result<()> {
    let parts = input.split(|byte| *byte == 0);
    let args: Vec<_> = parts.map(|it| OsString::from_vec(it.to_vec())).collect();
    // The command must stay in its folder, and a server would not end.
    if input.contains(&b'/') || input.windows(2).any(|it| it == b"..") || args.iter().any(|it| it == "serve") {
        return Ok(());
    }
    let files = FILES.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let folder = TempDir::new()?;
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes)?;
    }
    let mut command = Command::new(program()?);
    command
        .args(&args)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path().join("caches"));
    let end = Running::start(&mut command)?.within(GUARD).end()?;
    ensure!(end.code.is_some_and(|it| CODES.contains(&it)), "{args:?}: {end}");
    if end.code == Some(0) {
        reached();
    }
    ensure!(!end.stderr.contains("panicked at"), "{args:?}: {end}");
    let hidden = |it: char| is_hidden(it) && it != '\n';
    ensure!(!end.stderr.contains(hidden), "{args:?}: {:?}", end.stderr);
    Ok(())
}
