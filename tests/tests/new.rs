//! Each project that `new` writes is built with the commands that it prints, by the
//! toolchain that its README names, and then used as what it is. And `new` writes all of
//! a project, or nothing.

use libtest_mimic::{Arguments, Failed, Trial};
use solti_metrics_tests::oracle::Oracle;

use crate::project::RUST_SDK;

#[path = "new/project.rs"]
mod project;
#[path = "new/refused.rs"]
mod refused;
#[path = "new/used.rs"]
mod used;
#[path = "new/written.rs"]
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

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, check) in written::CHECKS.iter().chain(refused::CHECKS) {
        trials.push(Trial::test(*name, move || {
            check().map_err(|error| Failed::from(format!("{error:#}")))
        }));
    }
    for (language, toolchain) in LANGUAGES.into_iter().chain([(RUST_SDK, "rust")]) {
        // Where its toolchain is, there is what it has built.
        let built = Oracle::example(toolchain, "reporter");
        for role in ROLES {
            let name = format!("{language}::{role}_is_built_and_used");
            trials.push(built.trial(&name, move |_| used::check(language, role)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
