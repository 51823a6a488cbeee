#![allow(clippy::print_stderr, reason = "what a person waits for")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::crowd::{Crowd, Interest};
use super::document::{Found, page};
use super::options::{Options, Part};
use super::plot::plot;
use super::soak::{Extent, Look, Soak};
use super::soak_verdict::Verdict;
use super::spinners::Spinners;
use crate::bench::machine::Machine;
use crate::campaign::{self, Campaign, Random};
use crate::crashes::{self, Crashes};

/// Length of a campaign.
const CAMPAIGN: Duration = Duration::from_secs(600);

/// Number of kills.
const KILLS: u64 = 1_000;

/// Runs the parts that the command line selects. The results of each part are saved in
/// `endurance/` of the target directory. The page can combine parts from different runs.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let options = Options::parse(arguments).map_err(anyhow::Error::msg);
    match options.and_then(|options| asked(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn asked(options: &Options) -> Result<()> {
    let mut wrong = Vec::new();
    for part in &options.parts {
        eprintln!("{}", part.name());
        wrong.extend(match part {
            Part::Crowd => crowd()?,
            Part::Spinners => spinners()?,
            Part::Soak => soak(options.minutes)?,
            Part::Campaign => campaign()?,
            Part::Crashes => crashes()?,
        });
    }
    if options.write {
        write()?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

fn crowd() -> Result<Vec<String>> {
    let interest = |seconds| Interest {
        scrapers: 200,
        every: Duration::from_secs(seconds),
        loris: 50,
    };
    let slots = available_parallelism()?.get();
    let crowd = Crowd::run(12, 100 * slots, slots, &[interest(15), interest(1)])?;
    keep(Part::Crowd, &crowd)?;
    // This run does not judge times: the page shows their uncertainty.
    Ok(Vec::new())
}

fn spinners() -> Result<Vec<String>> {
    let found = Spinners::run(4_950, 50, 64)?;
    keep(Part::Spinners, &found)?;
    let all = found.alone.succeeded == 4_950.0 && found.beside.succeeded == 4_950.0;
    Ok(match all && found.beside.timed_out == 50.0 {
        true => Vec::new(),
        false => vec![format!("not every guest completed: {found:?}")],
    })
}

fn soak(minutes: u64) -> Result<Vec<String>> {
    let extent = Extent {
        length: Duration::from_secs(60 * minutes),
        scrape: Duration::from_secs(1),
        swap: Duration::from_secs(60),
    };
    let soak = Soak::run(extent, note)?;
    keep(Part::Soak, &soak)?;
    let mut wrong = soak.imbalances();
    if let Some(verdict) = Verdict::of(&soak)
        && !(verdict.memory_is_flat() && verdict.files_are_closed())
    {
        wrong.push(format!("it grows: {verdict:?}"));
    }
    Ok(wrong)
}

/// A scenario that reports something that may not be ends the campaign.
fn campaign() -> Result<Vec<String>> {
    let seed = Random::seed(campaign::SEED)?;
    eprintln!("{}={seed}", campaign::SEED);
    let campaign = Campaign::run(seed, CAMPAIGN, |_| {})?;
    eprintln!("{campaign:?}");
    keep(Part::Campaign, &campaign)?;
    Ok(Vec::new())
}

/// A runner that does not work after a kill ends the kills.
fn crashes() -> Result<Vec<String>> {
    let seed = Random::seed(crashes::SEED)?;
    eprintln!("{}={seed}", crashes::SEED);
    let crashes = Crashes::run(seed, KILLS, |number| eprintln!("{number} kills"))?;
    eprintln!("{crashes:#?}");
    keep(Part::Crashes, &crashes)?;
    Ok(Vec::new())
}

/// Reports once in a minute.
fn note(look: &Look) {
    if look.at.as_secs() % 60 != 1 {
        return;
    }
    eprintln!(
        "{:>5} s, {:.0} KiB resident, {:.0} of them in no file, {} files, {} threads, load {}",
        look.at.as_secs(),
        look.resident_kib,
        look.anonymous_kib,
        look.fds,
        look.threads,
        look.load
    );
}

fn write() -> Result<()> {
    let found = Found {
        soak: saved(Part::Soak)?,
        spinners: saved(Part::Spinners)?,
        crowd: saved(Part::Crowd)?,
        campaign: saved(Part::Campaign)?,
        crashes: saved(Part::Crashes)?,
    };
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    fs::write(docs.join("reliability.md"), page(&found, &Machine::here()))?;
    if let Some(soak) = &found.soak {
        fs::write(docs.join("reliability.svg"), plot(soak))?;
    }
    Ok(())
}

fn keep(part: Part, found: &impl Serialize) -> Result<()> {
    let file = file(part)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(file, serde_json::to_string(found)?)?)
}

/// The saved result of a part, if any.
fn saved<F: DeserializeOwned>(part: Part) -> Result<Option<F>> {
    let file = file(part)?;
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(&file)?;
    let found = serde_json::from_str(&text);
    Ok(Some(found.with_context(|| {
        format!("{}: outdated, so measure this part again", file.display())
    })?))
}

/// The file of a part's result. This program is in `<target>/<profile>/deps`.
fn file(part: Part) -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3).context("a target directory")?;
    Ok(target
        .join("endurance")
        .join(part.name())
        .with_extension("json"))
}
