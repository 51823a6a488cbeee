//! The pages and their blocks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::blocks;
pub(crate) use solti_metrics_tests::blocks::Block;

/// The action of a reader for a block.
pub(crate) enum Kind<'a> {
    /// Runs the commands, in order: `sh`.
    Commands,
    /// Installs a toolchain: `sh install`.
    Install,
    /// Runs the one command, which runs until the reader presses a key: `sh until
    /// ctrl-d`.
    Until,
    /// Compares the block with the output of the previous block: `console`.
    Shown,
    /// Presses the key, and compares the block with the remaining output: `console after
    /// ctrl-d`.
    After,
    /// Reads this file of a project that `new` has written, or writes this file.
    File(&'a str),
}

pub(crate) fn kind(block: &Block) -> Result<Kind<'_>> {
    Ok(match (&*block.language, &*block.about) {
        ("sh", "") => Kind::Commands,
        ("sh", "install") => Kind::Install,
        ("sh", about) if about.starts_with("until ctrl-") => Kind::Until,
        ("console", "") => Kind::Shown,
        ("console", about) if about.starts_with("after ctrl-") => Kind::After,
        ("sh" | "console" | "", _) | (_, "") => bail!("{block:?} has an unknown kind"),
        (_, file) => Kind::File(file),
    })
}

/// The blocks of a page.
pub(crate) fn blocks_of(page: &str) -> Result<Vec<Block>> {
    let path = folder().join(page);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    blocks::blocks(&text)
}

/// The commands that a reader of this page types, those of the index first.
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
