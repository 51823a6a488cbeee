//! The reporter of `guest/examples/` in every language, by the toolchains that its
//! people use: with the same input, the same records on both paths, the same output,
//! and the same end. `guest/examples/README.md` says which.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_host::runner::RecordPath;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::oracle::Oracle;

#[path = "languages/command.rs"]
mod command;
#[path = "languages/expected.rs"]
mod expected;
#[path = "languages/inputs.rs"]
mod inputs;
#[path = "languages/runs.rs"]
mod runs;

/// Each toolchain but Rust's, and what it builds.
const TOOLCHAINS: [(&str, &str); 7] = [
    ("c", "reporter.c"),
    ("go", "reporter.go"),
    ("python", "reporter.py"),
    ("quickjs", "reporter.js"),
    ("starlingmonkey", "reporter.js"),
    ("wat", "reporter.wat"),
    ("zig", "reporter.zig"),
];

/// Those whose components take long to compile, which the command would do again.
const LARGE: [&str; 2] = ["python", "starlingmonkey"];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("every_reporter_is_built_and_run", || {
        all_are_run().map_err(failed)
    })];
    let rust = Oracle::Here(artifact("reporter", WASI));
    trials.extend(trials_of("rust", "reporter.rs", &rust));
    for (toolchain, source) in TOOLCHAINS {
        trials.extend(trials_of(toolchain, source, &Oracle::reporter(toolchain)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials_of(toolchain: &'static str, source: &'static str, component: &Oracle) -> Vec<Trial> {
    let mut trials = Vec::new();
    for path in [RecordPath::Inline, RecordPath::Direct] {
        let name = format!("{toolchain}::reports_the_same_{}", runs::label(path));
        trials.push(component.trial(&name, move |component| {
            is_of_today(toolchain, source, component)?;
            runs::check(component, path)
        }));
    }
    if !LARGE.contains(&toolchain) {
        let name = format!("{toolchain}::is_run_by_the_command");
        trials.push(component.trial(&name, command::check));
    }
    trials
}

/// What was built of an older text would prove nothing of this one.
fn is_of_today(toolchain: &str, source: &str, component: &Path) -> Result<()> {
    if toolchain == "rust" {
        return Ok(()); // cargo sees to it
    }
    let source = examples().join(source);
    let changed = |path: &Path| fs::metadata(path)?.modified();
    ensure!(
        changed(&source)? <= changed(component)?,
        "{} has changed: make language-{toolchain}",
        source.display()
    );
    Ok(())
}

/// A reporter that is not in the list would not be run, and neither would one that
/// is built by nobody.
fn all_are_run() -> Result<()> {
    let mut sources = BTreeSet::new();
    for entry in fs::read_dir(examples())? {
        let path = entry?.path();
        if path.is_file() && path.file_stem().is_some_and(|stem| stem == "reporter") {
            let name = path.file_name().context("no name")?;
            sources.insert(name.to_string_lossy().into_owned());
        }
    }
    let listed = TOOLCHAINS.iter().map(|(_, source)| (*source).to_owned());
    let listed: BTreeSet<_> = listed.chain(["reporter.rs".to_owned()]).collect();
    ensure!(sources == listed, "in the folder: {sources:?}");

    let script = examples().join("../../tools/languages.sh");
    let output = Command::new(script).arg("--list").output()?;
    let built = String::from_utf8(output.stdout)?;
    let listed: Vec<_> = TOOLCHAINS.iter().map(|(toolchain, _)| *toolchain).collect();
    ensure!(built.lines().eq(listed), "tools/languages.sh: {built}");
    Ok(())
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/examples")
}

fn failed(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
