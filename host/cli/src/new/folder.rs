use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use solti_metrics_host::text::printable;
use tempfile::TempDir;

use crate::unfinished::Unfinished;

/// How the name of a folder begins in which a project is written.
const UNFINISHED: &str = ".solti-metrics-new.";

/// What a new folder may be before the process's umask.
const NEW: u32 = 0o777;

/// Writes files, by their paths, into a folder that is not there yet or empty: all of
/// them, or nothing.
pub(crate) fn write_all(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let shown = dir.display();
    let written = if is_there(dir)? {
        fill(dir, files)
    } else {
        let parent = match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {shown}"))?;
        make(parent, dir, files)
    };
    written.with_context(|| format!("cannot write the project into {shown}"))
}

/// Whether the folder is there, and empty.
fn is_there(dir: &Path) -> anyhow::Result<bool> {
    let shown = dir.display();
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(_) if dir.symlink_metadata().is_err() => return Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            bail!("{shown} is there already, and no folder; name another")
        }
        Err(error) => bail!("{shown} is there already, and no folder that can be read: {error}"),
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
    bail!("{shown} is not empty: {name} is in it; name an empty folder, or one to be made")
}

/// Writes the project beside its place, and moves it there as a whole.
fn make(parent: &Path, dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let unfinished = unfinished(parent)?;
    write_into(unfinished.it.path(), files)?;
    // An empty folder that was made there meanwhile is replaced, any other stays.
    fs::rename(unfinished.it.path(), dir)?;
    Ok(())
}

/// Writes the project into its folder, which may be a mount, under a name of its own, and
/// moves each file and folder up.
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
