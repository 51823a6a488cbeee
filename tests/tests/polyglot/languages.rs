//! The reporter and the provider of `guest/examples/` in each language, built by its
//! usual toolchains. With the same input, all reporters make the same records in both
//! recording modes, print the same, and end alike. With the same records, all providers
//! expose the same. `guest/examples/README.md` is the specification.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_host::runner::RecordingMode;
use solti_metrics_tests::bench::languages::row_begins;
use solti_metrics_tests::toolchains::{Example, are_all, examples};
use solti_metrics_tests::trial::{Trial, trial};

mod command;
mod compiles;
mod conforms;
pub(crate) mod expected;
mod inputs;
mod providers;
mod runs;
pub(crate) mod seen;

/// Toolchains whose components take long to compile. The command would compile them
/// again.
const LARGE: [&str; 2] = ["python", "starlingmonkey"];

/// Toolchains whose components need component-model async.
const ASYNC: [&str; 2] = ["quickjs-async", "rust-wasi3"];

/// Toolchains whose providers have no flush.
const WITHOUT_FLUSH: [&str; 2] = ["python", "wat"];

pub(crate) fn trials() -> Result<Vec<Trial>> {
    Ok(match examples() {
        Ok(examples) => trials_of(examples),
        Err(error) => vec![trial("every_example_is_built_and_run", || Err(error))],
    })
}

fn trials_of(examples: Vec<Example>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for example in &examples {
        match &*example.role {
            "reporter" => trials.extend(reporter(example)),
            _ => trials.extend(provider(example)),
        }
    }
    let all = examples.clone();
    trials.push(trial("every_example_is_built_and_run", move || {
        are_all(&all)
    }));
    trials.push(trial("the_page_has_a_row_for_each_example", move || {
        has_rows(&examples)
    }));
    trials
}

fn reporter(example: &Example) -> Vec<Trial> {
    let (toolchain, component) = (&*example.toolchain, example.component());
    let mut trials = Vec::new();
    for path in [RecordingMode::Inline, RecordingMode::Direct] {
        let name = format!("{toolchain}::reports_the_same_{}", runs::label(path));
        let example = example.clone();
        trials.push(component.trial(&name, move |component| {
            example.is_of_today(component)?;
            let needs_async = ASYNC.contains(&&*example.toolchain);
            runs::check(component, path, needs_async)
        }));
    }
    if !LARGE.contains(&toolchain) {
        let name = format!("{toolchain}::is_run_by_the_command");
        trials.push(component.trial(&name, command::check));
    }
    if toolchain == "python" {
        let name = format!("{toolchain}::is_compiled_within_the_memory_of_the_manifests");
        trials.push(component.trial(&name, compiles::check));
    }
    trials
}

fn provider(example: &Example) -> Vec<Trial> {
    let (toolchain, component) = (&*example.toolchain, example.component());
    let has_flush = !WITHOUT_FLUSH.contains(&toolchain);
    let of = example.clone();
    let name = format!("{toolchain}::exposes_the_same");
    let mut trials = vec![component.trial(&name, move |component| {
        of.is_of_today(component)?;
        providers::check(component, has_flush)
    })];
    if toolchain == "starlingmonkey" {
        let name = format!("{toolchain}::collects_late_and_is_told_so");
        trials.push(component.trial(&name, conforms::collects_late));
    } else if !LARGE.contains(&toolchain) {
        let name = format!("{toolchain}::conforms");
        trials.push(component.trial(&name, conforms::check));
    }
    trials
}

/// The page with the cost of languages has a row for each example.
fn has_rows(examples: &[Example]) -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guests/languages.md");
    let page = fs::read_to_string(page)?;
    for example in examples {
        let begins = row_begins(example);
        let rows = page.lines().filter(|line| line.starts_with(&begins));
        ensure!(
            rows.count() == 1,
            "docs/guests/languages.md has no {begins}"
        );
    }
    let rows = page
        .lines()
        .filter(|line| line.contains("](../../guest/examples/"));
    let rows = rows.filter(|line| line.starts_with("| ")).count();
    ensure!(
        rows == examples.len(),
        "docs/guests/languages.md has {rows} rows"
    );
    Ok(())
}
