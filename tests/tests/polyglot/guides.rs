//! Follows the guides of `docs/guests/` from an empty folder to a running guest and a
//! running provider. Each command of a page runs unchanged, and its output matches the
//! page. Commands that install software need a network and do not run. They must name the
//! versions that the tests use.

use anyhow::Result;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

mod followed;
mod installed;
mod page;
mod shown;
mod terminal;
mod written;

/// The pages, each with its toolchain. The slowest page starts first.
const GUIDES: [(&str, &str); 8] = [
    ("python", "python"),
    ("rust", "rust"),
    ("c", "c"),
    ("cpp", "cpp"),
    ("go", "go"),
    ("js", "quickjs"),
    ("zig", "zig"),
    ("wat", "wat"),
];

/// The name and the function of a check that needs no toolchain.
type Check = (&'static str, fn() -> Result<()>);

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for (name, check) in written::CHECKS.iter().chain(installed::CHECKS) {
        trials.push(trial(*name, check));
    }
    trials.push(trial("shown_output_is_compared", shown::compares));
    for (language, toolchain) in GUIDES {
        let name = format!("{language}::leads_to_a_guest_and_a_provider");
        // Where its toolchain is, there is what it has built.
        let built = ReferenceTool::example(toolchain, "reporter");
        trials.push(built.trial(&name, move |_| followed::check(language)));
    }
    Ok(trials)
}

/// Calls `check` with the language and the blocks of each page.
fn each(check: impl Fn(&str, &[page::Block]) -> Result<()>) -> Result<()> {
    for (language, _) in GUIDES {
        let page = format!("{language}.md");
        check(language, &page::blocks_of(&page)?).map_err(|error| error.context(page))?;
    }
    Ok(())
}
