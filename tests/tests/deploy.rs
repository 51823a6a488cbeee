//! What is in `deploy/` fits together, and is what the programs that read it expect.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "deploy/checked.rs"]
mod checked;
#[path = "deploy/composed.rs"]
mod composed;
#[path = "deploy/container.rs"]
mod container;
#[path = "deploy/manifests.rs"]
mod manifests;
#[path = "deploy/package.rs"]
mod package;
#[path = "deploy/settings.rs"]
mod settings;
#[path = "deploy/unit.rs"]
mod unit;

fn main() {
    let arguments = Arguments::from_args();
    let trials = [
        checked::trials(),
        unit::trials(),
        container::trials(),
        manifests::trials(),
        composed::trials(),
        package::trials(),
    ];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, check: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, || {
        check().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file in `deploy/`.
fn deployed(path: &str) -> Result<String> {
    let path = root().join("deploy").join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
