//! `docs/operate/scale.md`, and the tables between its marks.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::scale::arithmetic::UNITS;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate/scale.md")
}

pub(crate) fn text() -> Result<String> {
    fs::read_to_string(path()).context("docs/operate/scale.md")
}

/// Compares a table with the one on the page. Numbers after "about" may differ
/// by a quarter. With `BLESS=1`, writes the table.
pub(crate) fn must_have(what: &str, table: &str) -> Result<()> {
    // Trials run concurrently and write the same file.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let page = text()?;
    let begin = format!(
        "<!-- {what}, by `BLESS=1 cargo test --workspace --test interop -- scale::`: -->\n"
    );
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
        same(written, table)?,
        "docs/operate/scale.md has, of {what},\n{written}\nand it is\n{table}\n\
         BLESS=1 writes it"
    );
    Ok(())
}

fn same(written: &str, made: &str) -> Result<bool> {
    let (mut written, mut made) = (written.split_whitespace(), made.split_whitespace());
    loop {
        match (written.next(), made.next()) {
            (None, None) => return Ok(true),
            (Some("≈"), Some("≈")) => {
                let [written, made] = [amount(&mut written)?, amount(&mut made)?];
                if (written - made).abs() > 0.25 * written.max(made) {
                    return Ok(false);
                }
            }
            (written, made) if written == made => {}
            _ => return Ok(false),
        }
    }
}

/// A number and its unit.
fn amount<'a>(words: &mut impl Iterator<Item = &'a str>) -> Result<f64> {
    let number = words.next().context("no number")?.replace(',', "");
    let unit = words.next().context("no unit")?;
    let power = UNITS.iter().position(|known| *known == unit);
    let power = i32::try_from(power.with_context(|| format!("{unit} is not a unit"))?)?;
    Ok(number.parse::<f64>()? * 1_000_f64.powi(power))
}
