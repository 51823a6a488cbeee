//! The files in `deploy/` agree with each other, and with the programs that read them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use solti_metrics_tests::trial::Trial;

mod archive;
mod checked;
mod composed;
mod container;
mod filter;
mod manifests;
mod package;
mod settings;
mod unit;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let trials = [
        checked::trials(),
        unit::trials(),
        filter::trials(),
        container::trials(),
        manifests::trials(),
        composed::trials(),
        package::trials(),
        archive::trials(),
    ];
    Ok(trials.into_iter().flatten().collect())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file in `deploy/`.
fn deployed(path: &str) -> Result<String> {
    let path = root().join("deploy").join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
