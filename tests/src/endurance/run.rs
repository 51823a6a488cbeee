#![allow(clippy::print_stderr, reason = "what a person waits for")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::soak::{Extent, Look, Soak};

/// Does what the command line says: parts by their names, and `--minutes` for the soak.
/// What each part finds is kept in `endurance/` of the folder that cargo builds in.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    match asked(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn asked(arguments: impl IntoIterator<Item = String>) -> Result<()> {
    let (mut parts, mut minutes) = (Vec::new(), 30);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match &*argument {
            // What cargo says to each benchmark.
            "--bench" => {}
            "--minutes" => {
                let number = arguments.next().context("--minutes needs a number")?;
                minutes = number.parse().context("--minutes needs a number")?;
            }
            "soak" => parts.push(argument),
            other => bail!("{other}: only soak, --minutes N"),
        }
    }
    for part in parts {
        if part == "soak" {
            soak(minutes)?;
        }
    }
    Ok(())
}

fn soak(minutes: u64) -> Result<()> {
    let extent = Extent {
        length: Duration::from_secs(60 * minutes),
        scrape: Duration::from_secs(1),
        swap: Duration::from_secs(60),
    };
    let soak = Soak::run(extent, note)?;
    keep("soak", &soak)?;
    let wrong = soak.imbalances();
    if !wrong.is_empty() {
        bail!("the ledger did not balance:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// Once in a minute.
fn note(look: &Look) {
    if look.at.as_secs() % 60 == 1 {
        let Look {
            at,
            resident_kib,
            anonymous_kib,
            fds,
            threads,
            in_flight,
            unbalanced,
            load,
            ..
        } = look;
        eprintln!(
            "{:>5} s {resident_kib:>8.0} KiB resident {anonymous_kib:>8.0} anonymous {fds:>4} fds {threads:>3} threads {in_flight:>6} in flight {unbalanced:?} load {load}",
            at.as_secs()
        );
    }
}

fn keep(part: &str, found: &impl Serialize) -> Result<()> {
    let file = kept(part)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, serde_json::to_string(found)?)?)
}

/// This program is in `<target>/<profile>/deps`.
fn kept(part: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).context("a target directory")?;
    Ok(target.join("endurance").join(part).with_extension("json"))
}
