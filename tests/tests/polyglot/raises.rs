//! Errors of a language, such as an exception, in a guest and in a provider. Each leads
//! to a typed end, the operator sees the message of the language, and each record is
//! accounted for. `tests/raises/README.md` describes the programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics_host::runner::RecordingMode;
use solti_metrics_tests::toolchains::{Example, raises};
use solti_metrics_tests::trial::{Trial, trial};

mod command;
mod guests;
mod providers;

/// Toolchains without a way to print a message.
const SILENT: [&str; 1] = ["wat"];

/// Toolchains whose components take long to compile. The command would compile them
/// again.
const LARGE: [&str; 2] = ["python", "starlingmonkey"];

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let found = raises();
    let mut trials: Vec<_> = found.iter().flatten().flat_map(trials_of).collect();
    trials.push(trial("each_source_is_built_and_run", || are_all(&found?)));
    Ok(trials)
}

fn trials_of(raises: &Example) -> Vec<Trial> {
    let (toolchain, component) = (&*raises.toolchain, raises.component());
    let speaks = !SILENT.contains(&toolchain);
    let mut trials = Vec::new();
    let mut trial = |what: &str, check: fn(&Path, bool) -> Result<()>| {
        let raises = raises.clone();
        let name = format!("{toolchain}::{what}");
        trials.push(component.trial(&name, move |component| {
            raises.is_of_today(component)?;
            check(component, speaks)
        }));
    };
    trial("a_guest_fails_inline", |component, speaks| {
        guests::check(component, RecordingMode::Inline, speaks)
    });
    trial("a_guest_fails_direct", |component, speaks| {
        guests::check(component, RecordingMode::Direct, speaks)
    });
    trial(
        "a_provider_loses_the_record_at_which_it_fails",
        providers::check,
    );
    if !LARGE.contains(&toolchain) {
        trial("the_command_reports_both", command::check);
    }
    trials
}

fn are_all(found: &[Example]) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("raises");
    let mut sources = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().context("no name")?;
        if path.is_file() && path.file_stem().is_some_and(|stem| stem == "raises") {
            sources += 1;
            let run = |raises: &Example| raises.source.file_name() == Some(name);
            ensure!(found.iter().any(run), "no test runs {}", path.display());
        }
    }
    ensure!(sources >= 8, "{sources} languages");
    Ok(())
}
