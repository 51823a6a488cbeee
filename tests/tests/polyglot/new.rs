//! Each project that `new` writes is built with the commands that it prints, by the
//! toolchain that its README names, and then used as what it is. And `new` writes all of
//! a project, or nothing.

use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use self::project::RUST_SDK;

mod project;
mod refused;
mod used;
mod written;

/// A claim, and what holds it.
type Check = (&'static str, fn() -> anyhow::Result<()>);

/// What `--role` takes.
const ROLES: [&str; 3] = ["guest", "provider", "middleware"];

/// What `--language` takes, and the toolchain that builds it.
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
    for (name, check) in written::CHECKS.iter().chain(refused::CHECKS) {
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
