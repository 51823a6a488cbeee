//! Configurations of `serve`: each file in `configs/` is one, and its first comments are
//! the expected messages. A new file needs no other change. `BLESS=1` rewrites those
//! comments.
//!
//! - `good/`: `--check` accepts the file with this line.
//! - `rejected/`: `--check` and `serve` reject the file.
//! - `unusable/`: the file is valid, and something that it names is not. `--check`
//!   gives the position, and `serve` ends before a task runs.
//! - `checked/`: only `--check` fails, since the file may exist when a run starts.
//!
//! A case of `rejected/` with the comment `# schema: accepts it` has a fault that the JSON
//! schema cannot express.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::trial::{Trial, trial};

pub(crate) mod case;
pub(crate) mod files;
mod messages;
mod page;
mod schema;
mod test_folder;

use case::{Case, Kind};

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for case in cases()? {
        let name = format!("{}::{}", case.kind.folder(), case.name);
        trials.push(trial(name, move || messages::check(&case)));
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
        ensure!(found > 0, "no cases in {}", kind.folder());
    }
    for entry in fs::read_dir(configs())? {
        let (name, known) = (entry?.file_name(), Kind::ALL.map(Kind::folder));
        let name = name.to_str().context("a name")?;
        ensure!(known.contains(&name), "no test reads configs/{name}");
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
