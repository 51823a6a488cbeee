//! `docs/scale.md`, and the tables between its marks.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scale.md")
}

pub(crate) fn text() -> Result<String> {
    fs::read_to_string(path()).context("docs/scale.md")
}

/// Compares a table with the one on the page; with `BLESS=1`, writes it there.
pub(crate) fn must_have(what: &str, table: &str) -> Result<()> {
    // Trials run beside each other, and write the same file.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let page = text()?;
    let begin = format!("<!-- {what}, by `BLESS=1 cargo test --workspace --test scale`: -->\n");
    let end = "<!-- end -->\n";
    let (before, rest) = page
        .split_once(&begin)
        .with_context(|| format!("no {begin}"))?;
    let (written, after) = rest.split_once(end).context("no end of it")?;
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return Ok(fs::write(
            path(),
            [before, &begin, table, end, after].concat(),
        )?);
    }
    ensure!(
        written == table,
        "docs/scale.md has, of {what},\n{written}\nand it is\n{table}\n\
         BLESS=1 writes it"
    );
    Ok(())
}
