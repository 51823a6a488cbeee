//! Builds each project of `new` with its printed commands, by the toolchain of its
//! README, and uses the result. `new` writes all of a project, or nothing.

use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use self::project::RUST_SDK;

mod project;
mod rejected;
mod target_folder;
mod used;
mod written;

/// The name and the function of a check.
type Check = (&'static str, fn() -> anyhow::Result<()>);

/// The values of `--role`.
const ROLES: [&str; 3] = ["guest", "provider", "middleware"];

/// The values of `--language`, and the toolchain of each.
const LANGUAGES: [(&str, &str); 7] = [
    ("rust", "rust"),
    ("python", "python"),
    ("js", "quickjs"),
    ("c", "c"),
    ("cpp", "cpp"),
    ("go", "go"),
    ("zig", "zig"),
];

pub(crate) fn trials() -> anyhow::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for (name, check) in written::CHECKS.iter().chain(rejected::CHECKS) {
        trials.push(trial(*name, check));
    }
    for (language, toolchain) in LANGUAGES.into_iter().chain([(RUST_SDK, "rust")]) {
        // Where its toolchain is, there is what it has built.
        let built = ReferenceTool::example(toolchain, "reporter");
        for role in ROLES {
            let name = format!("{language}::{role}_is_built_and_used");
            trials.push(built.trial(&name, move |_| used::check(language, role)));
        }
    }
    Ok(trials)
}
