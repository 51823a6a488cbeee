//! Whatever goes wrong, the program says what and ends: each folder in `faults/`
//! is a fault, and what has to come of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Trial};

use case::Case;

#[path = "faults/case.rs"]
mod case;

#[path = "faults/child.rs"]
mod child;

#[path = "faults/expectations.rs"]
mod expectations;

#[path = "faults/inputs.rs"]
mod inputs;

#[path = "faults/report.rs"]
mod report;

#[path = "faults/harness.rs"]
mod harness;

fn main() -> Result<()> {
    let arguments = Arguments::from_args();
    let program = program()?;
    let mut trials = harness::trials();
    for folder in folders()? {
        let name = folder.file_name().context("a folder has a name")?;
        let (name, program) = (name.to_string_lossy().into_owned(), program.clone());
        trials.push(Trial::test(name, move || Ok(outcome(&folder, &program)?)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// `SOLTI_METRICS_BIN`, else the one that was built in the same way as this.
fn program() -> Result<PathBuf> {
    let program = match env::var_os("SOLTI_METRICS_BIN") {
        Some(program) => fs::canonicalize(program)?,
        None => {
            let this = env::current_exe()?;
            let profile = this.ancestors().nth(2).context("cargo built this")?;
            profile.join(format!("solti-metrics{}", env::consts::EXE_SUFFIX))
        }
    };
    ensure!(
        program.is_file(),
        "there is no {}; run `cargo build --workspace` first, or name the program in SOLTI_METRICS_BIN",
        program.display()
    );
    Ok(program)
}

fn folders() -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("faults"))? {
        folders.push(entry?.path());
    }
    ensure!(!folders.is_empty(), "there are no cases");
    folders.sort();
    Ok(folders)
}

/// Runs one case.
fn outcome(folder: &Path, program: &Path) -> Result<()> {
    let case = Case::read(folder)?;
    let place = tempfile::tempdir()?;
    inputs::lay_out(&case, folder, place.path())?;
    let mut command = Command::new(program);
    command
        .args(&case.args)
        .current_dir(place.path())
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    let end = child::run(&mut command, case.signal.as_ref())?;
    expectations::check(&case, &end).with_context(|| format!("{}\n{end}", case.why))
}
