//! The shell of a user who has the command and all toolchains.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::artifact::{WASI, artifact, cache_home, command, compiler};

/// A shell that runs this script in this folder, and ends at the first failing command.
///
/// It finds compiled Rust crates and compiled code of other tests.
///
/// # Errors
///
/// When a built file is missing.
pub fn shell(script: &str, folder: &Path) -> Result<Command> {
    let program = command();
    let ours = program.parent().context("no folder")?;
    let languages = ours.parent().context("no folder")?.join("languages");
    let ziglang = languages.join("tools/ziglang");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = [ours.into(), languages.join("bin"), ziglang.join("bin")]
        .into_iter()
        .chain(env::split_paths(&path));
    let mut command = Command::new("sh");
    command
        .args(["-ec", script])
        .current_dir(folder)
        .env("PATH", env::join_paths(path)?)
        // The compiler of PyPI's package, which a program of that package starts, needs
        // the path.
        .env("PYTHONPATH", &ziglang)
        .env("ZIG_GLOBAL_CACHE_DIR", languages.join("tools/zig-cache"))
        .env("ZIG_LOCAL_CACHE_DIR", languages.join("tools/zig-cache"))
        .env("COMPONENTIZE_QJS", "componentize-qjs")
        .env("RUSTC", compiler())
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", crates()?)
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("MAKEFLAGS");
    Ok(command)
}

/// Runs the script. Returns its output, standard output first.
///
/// # Errors
///
/// When the script fails.
pub fn run(script: &str, folder: &Path) -> Result<String> {
    let output = shell(script, folder)?.output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    ensure!(output.status.success(), "{script}\n{said}");
    Ok(said)
}

/// The target directory of Rust projects. It shares crates, and is separate from the
/// guest of the README: other projects may have the same name.
fn crates() -> Result<PathBuf> {
    let guests = artifact("hello", WASI);
    let guests = guests.ancestors().nth(4).context("no folder")?;
    Ok(guests.join("projects"))
}
