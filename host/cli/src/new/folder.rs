use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};

/// Writes files, by their paths, into a folder that is not there yet or empty: all of
/// them, or nothing.
pub(crate) fn write_all(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> anyhow::Result<()> {
    let shown = dir.display();
    let fresh = match fs::read_dir(dir) {
        Ok(mut entries) => {
            ensure!(
                entries.next().is_none(),
                "{shown} is not empty: name a folder that is, or one to be made"
            );
            false
        }
        Err(_) if dir.symlink_metadata().is_ok() => {
            bail!("{shown} is there already, and no folder that can be read")
        }
        Err(_) => true,
    };
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {shown}"))?;
    // What has its name already is whole.
    let unfinished = dir.join(format!(".unfinished.{}", std::process::id()));
    let written = write_into(&unfinished, files).and_then(|()| {
        for entry in top(files) {
            fs::rename(unfinished.join(entry), dir.join(entry))?;
        }
        Ok(())
    });
    let _ = fs::remove_dir_all(&unfinished);
    if written.is_err() && fresh {
        // If somebody has put something in there meanwhile, it stays.
        let _ = fs::remove_dir(dir);
    }
    written.with_context(|| format!("cannot write the project into {shown}"))
}

fn write_into(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    fs::create_dir(dir)?;
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
