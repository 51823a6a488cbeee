//! For each fault, the program prints a message and ends. Each folder in `faults/` is a
//! fault with its expected result.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, path};

use anyhow::{Context, Result, anyhow, ensure};
use solti_metrics_tests::artifact::cache_home;
use solti_metrics_tests::trial::{Trial, trial};

use case::Case;
use child::End;

mod case;

mod child;

mod expectations;

mod harness;

mod inputs;

mod report;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = harness::trials();
    match program() {
        Ok(program) => trials.extend(cases(&program)?),
        Err(missing) => trials.push(trial("the_program_exists", || Err(missing))),
    }
    Ok(trials)
}

/// `SOLTI_METRICS_BIN`, or the command of the same build.
fn program() -> Result<PathBuf> {
    let program = match env::var_os("SOLTI_METRICS_BIN") {
        Some(program) => path::absolute(program)?,
        None => {
            let this = env::current_exe()?;
            let profile = this.ancestors().nth(2).context("cargo built this")?;
            profile.join(format!("solti-metrics{}", env::consts::EXE_SUFFIX))
        }
    };
    ensure!(
        program.is_file(),
        "{} does not exist; run `cargo build --workspace` first, or name the program in SOLTI_METRICS_BIN",
        program.display()
    );
    Ok(program)
}

/// A trial for each folder and recording mode.
fn cases(program: &Path) -> Result<Vec<Trial>> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("faults"))? {
        let (folder, program) = (entry?.path(), program.to_owned());
        let name = folder.file_name().context("a folder has a name")?;
        let name = name.to_string_lossy().into_owned();
        for path in paths(&Case::read(&folder)?) {
            let (folder, program) = (folder.clone(), program.clone());
            let name = path.map_or_else(|| name.clone(), |path| format!("{name}, {path}"));
            cases.push(trial(name, move || outcome(&folder, &program, path)));
        }
    }
    ensure!(!cases.is_empty(), "no cases");
    cases.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(cases)
}

/// The result of a fault does not depend on the recording mode. A case with a guest runs
/// in both.
fn paths(case: &Case) -> Vec<Option<&'static str>> {
    if case.args.first().is_some_and(|command| command == "run") {
        vec![Some("inline"), Some("direct")]
    } else {
        vec![None]
    }
}

/// Runs one case.
fn outcome(folder: &Path, program: &Path, path: Option<&str>) -> Result<()> {
    let mut case = Case::read(folder)?;
    if let Some(path) = path {
        case.args
            .splice(1..1, ["--recording-mode".into(), path.into()]);
    }
    let end = ended(&case, folder, program)?;
    expectations::check(&case, &end).map_err(|unmet| anyhow!("{unmet:#}\n{}\n{end}", case.why))
}

/// How the program ends in a case, and its output.
fn ended(case: &Case, folder: &Path, program: &Path) -> Result<End> {
    let place = tempfile::tempdir()?;
    inputs::lay_out(case, folder, place.path())?;
    let mut command = Command::new(program);
    command
        .args(&case.args)
        .current_dir(place.path())
        .env_remove("RUST_LOG")
        .env("XDG_CACHE_HOME", cache_home())
        .stdin(Stdio::null());
    child::run(&mut command, case)
}

/// The error or warning that has most of the texts that the case expects.
pub(crate) fn message(folder: &Path) -> Result<Option<String>> {
    let case = Case::read(folder)?;
    if case.stderr.is_empty() {
        return Ok(None);
    }
    let end = ended(&case, folder, &program()?)?;
    let expected = |line: &str| {
        case.stderr
            .iter()
            .filter(|it| line.contains(&***it))
            .count()
    };
    let mut found = "";
    // Guests write to standard error, too, and may not end their last line.
    let lines = end.stderr.lines().map(|line| line.trim_matches('\0'));
    for line in lines.filter(|it| it.starts_with("error: ") || it.starts_with("warning: ")) {
        if expected(line) > expected(found) {
            found = line;
        }
    }
    ensure!(
        !found.is_empty(),
        "no message of {}: {end}",
        folder.display()
    );
    Ok(Some(found.to_owned()))
}
