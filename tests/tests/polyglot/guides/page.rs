//! The pages, and what a block of one is.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::blocks;
pub(crate) use solti_metrics_tests::blocks::Block;

/// What somebody does with a block.
pub(crate) enum Kind<'a> {
    /// Runs its commands, in order: `sh`.
    Commands,
    /// Gets a toolchain: `sh install`.
    Install,
    /// Runs its one command, which does not end before a key is pressed: `sh until ctrl-d`.
    Until,
    /// Compares it with what the block before has printed: `console`.
    Shown,
    /// Presses that key, and compares it with what was printed until the end:
    /// `console after ctrl-d`.
    After,
    /// Reads it, in this file of a project that `new` has written, or writes this file.
    File(&'a str),
}

pub(crate) fn kind(block: &Block) -> Result<Kind<'_>> {
    Ok(match (&*block.language, &*block.about) {
        ("sh", "") => Kind::Commands,
        ("sh", "install") => Kind::Install,
        ("sh", about) if about.starts_with("until ctrl-") => Kind::Until,
        ("console", "") => Kind::Shown,
        ("console", about) if about.starts_with("after ctrl-") => Kind::After,
        ("sh" | "console" | "", _) | (_, "") => bail!("nobody knows what to do with {block:?}"),
        (_, file) => Kind::File(file),
    })
}

/// The blocks of a page.
pub(crate) fn blocks_of(page: &str) -> Result<Vec<Block>> {
    let path = folder().join(page);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    blocks::blocks(&text)
}

/// The commands that somebody has to type who follows this page, the index first.
pub(crate) fn commands(page: &[Block]) -> Result<Vec<String>> {
    let mut commands = Vec::new();
    for block in blocks_of("README.md")?.iter().chain(page) {
        if matches!(kind(block)?, Kind::Commands | Kind::Install | Kind::Until) {
            commands.extend(block.lines().map(str::to_owned));
        }
    }
    ensure!(!commands.is_empty(), "no commands");
    Ok(commands)
}

pub(crate) fn folder() -> PathBuf {
    root().join("docs/guests")
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
