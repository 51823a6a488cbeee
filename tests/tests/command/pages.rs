//! The README, and the pages to which it leads, are run: their commands, their guest, and
//! the paths that they name. Their Rust is documentation tests of this package's library.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, cache_home, command, compiler};
use solti_metrics_tests::blocks::{Block, blocks};
use tempfile::TempDir;

mod backends;
mod embed;
mod guest;
mod manifests;
mod operate;
mod paths;
mod quick_start;

/// The pages, and for each the blocks that have a test.
const PAGES: [(&str, &[(&str, &str)]); 5] = [
    (
        README,
        &[
            ("sh", ""),
            ("console", ""),
            ("rs", "guest/examples/hello.rs"),
            ("toml", "hello/Cargo.toml"),
            ("sh", "hello"),
            ("sh", "new"),
        ],
    ),
    (
        EMBED,
        &[
            ("toml", "Cargo.toml"),
            ("rust", ""),
            ("rust,no_run", ""),
            ("sh", "conformance"),
        ],
    ),
    (
        BACKENDS,
        &[("toml", "Cargo.toml"), ("rust", ""), ("sh", "backends")],
    ),
    (COMPOSE, &[("sh", "compose")]),
    // `serve` is run by `tests/tests/command/serve/operate_page.rs`.
    (
        OPERATE,
        &[
            ("sh", "digest.wasm"),
            ("sh", "precompile"),
            ("toml", "serve.toml"),
            ("sh", "serve"),
        ],
    ),
];

const README: &str = "README.md";
const EMBED: &str = "docs/embed/README.md";
const BACKENDS: &str = "docs/backends/README.md";
const COMPOSE: &str = "docs/backends/compose.md";
const OPERATE: &str = "docs/operate/README.md";

/// A block without a test becomes outdated.
#[test]
fn each_block_has_a_checked_kind() -> Result<()> {
    for (page, known) in PAGES {
        let blocks = blocks_of(page)?;
        for block in &blocks {
            let kind = (&*block.language, &*block.about);
            ensure!(
                known.contains(&kind),
                "{page}: no test for a block {kind:?}"
            );
        }
        for kind in known {
            ensure!(
                blocks.iter().any(|block| block.is(kind.0, kind.1)),
                "{page}: no block {kind:?}"
            );
        }
    }
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn blocks_of(page: &str) -> Result<Vec<Block>> {
    blocks(&fs::read_to_string(root().join(page))?)
}

fn only<'a>(blocks: &'a [Block], language: &str, about: &str) -> Result<&'a Block> {
    let mut found = blocks.iter().filter(|block| block.is(language, about));
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(block),
        _ => bail!("not exactly one block `{language} {about}`"),
    }
}

/// A folder with these components, with the folder `src` of this repository, and with an
/// empty folder `out`.
fn folder_with(components: &[&str]) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for name in components {
        let file = folder.path().join(name).with_extension("wasm");
        fs::copy(artifact(name, WASI), file)?;
    }
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    fs::create_dir(folder.path().join("out"))?;
    Ok(folder)
}

/// Runs a line in `folder`, with the command and the compiler for guests.
fn shell(line: &str, folder: &Path) -> Result<String> {
    let bin = command();
    let bin = bin.parent().unwrap_or(Path::new("."));
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-ec", line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("RUSTC", compiler())
        .env("CARGO_NET_OFFLINE", "true")
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("CARGO_TARGET_DIR")
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = text(&output.stdout) + &text(&output.stderr);
    ensure!(output.status.success(), "{line}\n{printed}");
    Ok(printed)
}
