//! The reporter and the provider of `guest/examples/` in every language, by the
//! toolchains that its people use. With the same input, a reporter makes the same
//! records on both paths, prints the same, and ends the same; of the same records, a
//! provider exposes the same. `guest/examples/README.md` says what.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_host::runner::RecordPath;
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::toolchains::toolchains;

#[path = "languages/command.rs"]
mod command;
#[path = "languages/expected.rs"]
mod expected;
#[path = "languages/inputs.rs"]
mod inputs;
#[path = "languages/providers.rs"]
mod providers;
#[path = "languages/runs.rs"]
mod runs;

/// Each toolchain but Rust's, and the extension of what it builds.
const TOOLCHAINS: [(&str, &str); 8] = [
    ("c", "c"),
    ("cpp", "cpp"),
    ("go", "go"),
    ("python", "py"),
    ("quickjs", "js"),
    ("starlingmonkey", "js"),
    ("wat", "wat"),
    ("zig", "zig"),
];

/// Those whose components take long to compile, which the command would do again.
const LARGE: [&str; 2] = ["python", "starlingmonkey"];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("every_example_is_built_and_run", || {
        all_are_run().map_err(failed)
    })];
    trials.extend(reporters("rust", "rs"));
    trials.extend(reporters("rust-wasi3", "rs"));
    trials.extend(providers("rust", "rs"));
    for (toolchain, extension) in TOOLCHAINS {
        trials.extend(reporters(toolchain, extension));
        trials.extend(providers(toolchain, extension));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn reporters(toolchain: &'static str, extension: &'static str) -> Vec<Trial> {
    let component = Oracle::example(toolchain, "reporter");
    let mut trials = Vec::new();
    for path in [RecordPath::Inline, RecordPath::Direct] {
        let name = format!("{toolchain}::reports_the_same_{}", runs::label(path));
        trials.push(component.trial(&name, move |component| {
            is_of_today(toolchain, &format!("reporter.{extension}"), component)?;
            runs::check(component, path)
        }));
    }
    if !LARGE.contains(&toolchain) {
        let name = format!("{toolchain}::is_run_by_the_command");
        trials.push(component.trial(&name, command::check));
    }
    trials
}

fn providers(toolchain: &'static str, extension: &'static str) -> Vec<Trial> {
    let component = Oracle::example(toolchain, "provider");
    let name = format!("{toolchain}::exposes_the_same");
    vec![component.trial(&name, move |component| {
        is_of_today(toolchain, &format!("provider.{extension}"), component)?;
        providers::check(component, !["python", "wat"].contains(&toolchain))
    })]
}

/// What was built of an older text would prove nothing of this one.
fn is_of_today(toolchain: &str, source: &str, component: &Path) -> Result<()> {
    if toolchain.starts_with("rust") {
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

/// An example that is not in the list would not be run, and neither would one that is
/// built by nobody.
fn all_are_run() -> Result<()> {
    for stem in ["reporter", "provider"] {
        let mut sources = BTreeSet::new();
        for entry in fs::read_dir(examples())? {
            let path = entry?.path();
            if path.is_file() && path.file_stem().is_some_and(|found| found == stem) {
                let extension = path.extension().context("no extension")?;
                sources.insert(extension.to_string_lossy().into_owned());
            }
        }
        let listed = TOOLCHAINS.iter().map(|(_, extension)| *extension);
        let listed: BTreeSet<_> = listed.chain(["rs"]).map(str::to_owned).collect();
        ensure!(sources == listed, "{stem}, in the folder: {sources:?}");
    }
    let built = toolchains()?;
    let listed: Vec<_> = TOOLCHAINS.iter().map(|(toolchain, _)| *toolchain).collect();
    ensure!(built == listed, "tools/languages.sh: {built:?}");
    Ok(())
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/examples")
}

fn failed(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
