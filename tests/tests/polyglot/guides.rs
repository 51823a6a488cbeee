//! The guides of `docs/guests/` are followed, from an empty folder to a guest and a
//! provider that run: each command as it stands there, and what it prints is what the
//! page shows. What installs something is not run, since that takes a network: it has to
//! install the versions that all of this is built with.

use anyhow::Result;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

mod followed;
mod installed;
mod page;
mod shown;
mod terminal;
mod written;

/// The pages, each with the toolchain that is needed to follow it.
///
/// The one that takes longest is the first to begin.
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

/// What is looked at without a toolchain, and what is claimed of it.
type Check = (&'static str, fn() -> Result<()>);

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for (name, check) in written::CHECKS.iter().chain(installed::CHECKS) {
        trials.push(trial(*name, check));
    }
    trials.push(trial("what_is_shown_is_compared", shown::compares));
    for (language, toolchain) in GUIDES {
        let name = format!("{language}::leads_to_a_guest_and_a_provider");
        // Where its toolchain is, there is what it has built.
        let built = ReferenceTool::example(toolchain, "reporter");
        trials.push(built.trial(&name, move |_| followed::check(language)));
    }
    Ok(trials)
}

/// Calls it with the blocks of each page, and the page's language.
fn each(check: impl Fn(&str, &[page::Block]) -> Result<()>) -> Result<()> {
    for (language, _) in GUIDES {
        let page = format!("{language}.md");
        check(language, &page::blocks_of(&page)?).map_err(|error| error.context(page))?;
    }
    Ok(())
}
