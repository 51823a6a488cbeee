//! Configurations of `serve`, good and bad: each file in `configs/` is one, and what has
//! to be said of it stands in the comments that it begins with. Nothing else is needed
//! for it to be looked at, and `BLESS=1` rewrites those comments.
//!
//! - `good/`: `--check` says that in one line.
//! - `refused/`: neither `--check` nor `serve` gets beyond the file.
//! - `unusable/`: the file is fine, and something that it names is not. `--check` says
//!   where that stands, and `serve` ends before anything has run.
//! - `checked/`: only `--check` sees it, since it may be there when a run begins.
//!
//! A case of `refused/` with the comment `# schema: accepts it` is one that the JSON
//! schema cannot see.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::trial::{Trial, trial};

pub(crate) mod case;
pub(crate) mod files;
mod page;
pub(crate) mod place;
mod schema;
mod told;

use case::{Case, Kind};

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in cases()? {
        let name = format!("{}::{}", case.kind.folder(), case.name);
        trials.push(trial(name, move || told::check(&case)));
    }
    trials.extend(files::trials());
    trials.extend(page::trials());
    trials.extend(schema::trials()?);
    Ok(trials)
}

/// All there are, of each kind.
pub(crate) fn cases() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for kind in Kind::ALL {
        let mut found = 0;
        for entry in fs::read_dir(configs().join(kind.folder()))? {
            cases.push(Case::read(kind, &entry?.path())?);
            found += 1;
        }
        ensure!(found > 0, "there are no cases in {}", kind.folder());
    }
    for entry in fs::read_dir(configs())? {
        let (name, known) = (entry?.file_name(), Kind::ALL.map(Kind::folder));
        let name = name.to_str().context("a name")?;
        ensure!(known.contains(&name), "nobody looks into configs/{name}");
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
