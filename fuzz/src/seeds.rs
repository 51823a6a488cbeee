//! Seeds: the inputs from which a run starts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::target::Target;

/// The root of the project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders of the seeds of a target that exist.
#[must_use]
pub fn folders(target: &Target) -> Vec<PathBuf> {
    let own = format!("fuzz/seeds/{}", target.name);
    let folders = target.seeds.iter().copied().chain([own.as_str()]);
    let folders = folders.map(|folder| root().join(folder));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// Writes the seeds of a target into a folder, as a corpus for libFuzzer.
///
/// # Errors
///
/// When a seed cannot be read or written.
pub fn write(target: &Target, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (number, seed) in seeds(target)?.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}

/// The seeds of a target, in the order of their paths.
///
/// # Errors
///
/// When a folder or a file cannot be read.
pub fn seeds(target: &Target) -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    let mut waiting = folders(target);
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let mut seed = fs::read(&file).with_context(|| file.display().to_string())?;
        seed.truncate(target.longest);
        seeds.push(seed);
    }
    Ok(seeds)
}
