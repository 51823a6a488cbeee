//! The reporter and the provider of `guest/examples/` in every language, by the
//! toolchains that its people use. With the same input, a reporter makes the same
//! records on both paths, prints the same, and ends the same; of the same records, a
//! provider exposes the same. `guest/examples/README.md` says what.

use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_host::runner::RecordPath;
use solti_metrics_tests::toolchains::{Example, are_all, examples};

#[path = "languages/command.rs"]
mod command;
#[path = "languages/conforms.rs"]
mod conforms;
#[path = "languages/expected.rs"]
mod expected;
#[path = "languages/inputs.rs"]
mod inputs;
#[path = "languages/providers.rs"]
mod providers;
#[path = "languages/runs.rs"]
mod runs;
#[path = "languages/seen.rs"]
mod seen;

/// Those whose components take long to compile, which the command would do again.
const LARGE: [&str; 2] = ["python", "starlingmonkey"];

/// Those whose providers have nothing to flush.
const WITHOUT_FLUSH: [&str; 2] = ["python", "wat"];

fn main() {
    let arguments = Arguments::from_args();
    let found = examples();
    let mut trials = Vec::new();
    for example in found.iter().flatten() {
        match &*example.role {
            "reporter" => trials.extend(reporter(example)),
            _ => trials.extend(provider(example)),
        }
    }
    trials.push(Trial::test("every_example_is_built_and_run", || {
        found
            .and_then(|examples| are_all(&examples))
            .map_err(failed)
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

fn reporter(example: &Example) -> Vec<Trial> {
    let (toolchain, component) = (&*example.toolchain, example.component());
    let mut trials = Vec::new();
    for path in [RecordPath::Inline, RecordPath::Direct] {
        let name = format!("{toolchain}::reports_the_same_{}", runs::label(path));
        let example = example.clone();
        trials.push(component.trial(&name, move |component| {
            example.is_of_today(component)?;
            runs::check(component, path)
        }));
    }
    if !LARGE.contains(&toolchain) {
        let name = format!("{toolchain}::is_run_by_the_command");
        trials.push(component.trial(&name, command::check));
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

fn failed(error: anyhow::Error) -> Failed {
    Failed::from(format!("{error:#}"))
}
