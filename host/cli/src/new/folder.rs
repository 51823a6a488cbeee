//! Writes a project into its folder, completely or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use solti_metrics_host::text::printable;
use tempfile::TempDir;

use crate::unfinished::Unfinished;

/// Prefix of a temporary folder for a project.
const UNFINISHED: &str = ".solti-metrics-new.";

/// Mode of a new folder, before the umask of the process applies.
const NEW: u32 = 0o777;

/// Writes files into a folder that is new or empty: all of them, or none.
pub(crate) fn write_all(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let shown = dir.display();
    let written = if is_there(dir)? {
        fill(dir, files)
    } else {
        let parent = match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).with_context(|| format!("cannot create the folder {shown}"))?;
        make(parent, dir, files)
    };
    written.with_context(|| format!("cannot write the project into {shown}"))
}

/// Whether the folder exists. Fails if the folder is not empty.
fn is_there(dir: &Path) -> anyhow::Result<bool> {
    let shown = dir.display();
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(_) if dir.symlink_metadata().is_err() => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            bail!("{shown} already exists and is not a folder; name another folder")
        }
        Err(error) => {
            bail!("{shown} already exists and cannot be read: {error}; name another folder")
        }
    };
    let Some(entry) = entries.next() else {
        return Ok(true);
    };
    let name = entry?.file_name().to_string_lossy().into_owned();
    if name.starts_with(UNFINISHED) {
        bail!(
            "{shown} is not empty: an interrupted `new` left {name} in it; remove {shown}/{name}"
        );
    }
    let name = printable(&name);
    bail!("{shown} is not empty: it contains {name}; name an empty or a new folder")
}

/// Writes the project into a temporary folder in the same parent folder, and then renames
/// it.
fn make(parent: &Path, dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let unfinished = unfinished(parent)?;
    write_into(unfinished.it.path(), files)?;
    // The rename replaces an empty folder that another process has made. It fails for any
    // other folder.
    fs::rename(unfinished.it.path(), dir)?;
    Ok(())
}

/// Writes the project into a temporary folder inside of `dir`, and then moves each entry
/// up. `dir` may be a mount.
fn fill(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let unfinished = unfinished(dir)?;
    let from = unfinished.it.path();
    write_into(from, files)?;
    let mut moved = Vec::new();
    for entry in top(files) {
        if let Err(error) = fs::rename(from.join(entry), dir.join(entry)) {
            for entry in moved {
                let _ = fs::rename(dir.join(entry), from.join(entry));
            }
            return Err(error.into());
        }
        moved.push(entry);
    }
    Ok(())
}

fn unfinished(parent: &Path) -> std::io::Result<Unfinished<TempDir>> {
    Unfinished::make(|| {
        tempfile::Builder::new()
            .prefix(UNFINISHED)
            .permissions(Permissions::from_mode(NEW))
            .tempdir_in(parent)
    })
}

fn write_into(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for (path, bytes) in files {
        let path = dir.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

fn top(files: &BTreeMap<String, Vec<u8>>) -> BTreeSet<&str> {
    files
        .keys()
        .filter_map(|path| path.split('/').next())
        .collect()
}
