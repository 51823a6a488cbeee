//! Messages about a configuration.

use std::{env, fs};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::child::End;

use crate::configs::case::{Case, Kind};
use crate::configs::test_folder::TestFolder;

pub(crate) fn check(case: &Case) -> Result<()> {
    let place = TestFolder::new()?;
    let file = format!("{}.toml", case.name);
    let check = |text: &str| -> Result<(End, Vec<String>)> {
        fs::write(place.path().join(&file), text)?;
        let end = place.serve(&["--check", &file])?;
        let said = said(&file, &end.stderr);
        Ok((end, said))
    };
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return bless(case, check);
    }
    let (end, said) = check(&case.text)?;
    ensure!(
        said == case.said,
        "{} expects\n{}\n{end}\nBLESS=1 writes the real messages",
        case.path.display(),
        case.said.join("\n")
    );
    if case.kind == Kind::Good {
        let good = format!("{file}: valid: ");
        let one = end.stdout.starts_with(&good) && end.stdout.lines().count() == 1;
        ensure!(end.code == Some(0) && one, "{end}");
        return Ok(());
    }
    ensure!(end.code == Some(2) && end.stdout.is_empty(), "{end}");
    ensure!(!said.is_empty(), "no message: {end}");
    match case.kind {
        Kind::Rejected => {
            let served = place.serve(&[&file])?;
            ensure!(served.code == Some(2), "{served}");
            ensure!(served.stderr == end.stderr, "{served}");
            ensure!(served.stdout.is_empty(), "{served}");
        }
        Kind::Unusable => {
            let served = place.serve(&[&file])?;
            ensure!(served.code == Some(1), "{served}");
            ensure!(!served.stderr.contains("task started"), "{served}");
            for line in &said {
                // `--check` adds the position.
                let what = line.splitn(4, ": ").nth(3).context("no reason")?;
                ensure!(served.stderr.contains(what), "{what}\n{served}");
            }
        }
        Kind::Good | Kind::Checked => {}
    }
    Ok(())
}

/// Repeats until the head no longer moves the positions below it.
fn bless(case: &Case, check: impl Fn(&str) -> Result<(End, Vec<String>)>) -> Result<()> {
    let mut text = case.text.clone();
    for _ in 0..3 {
        text = case.saying(&check(&text)?.1);
    }
    Ok(fs::write(&case.path, text)?)
}

/// The messages without the name of the file.
fn said(file: &str, stderr: &str) -> Vec<String> {
    let lines = stderr.lines().map(|line| {
        let Some((kind, said)) = line.split_once(": ") else {
            return line.to_owned();
        };
        let said = said.strip_prefix(file).unwrap_or(said);
        format!("{kind}: {}", said.trim_start_matches([':', ' ']))
    });
    lines.collect()
}
