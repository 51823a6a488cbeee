use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guest;

use crate::faults::case::{Case, Make};

/// Writes the inputs of a case to the working folder of the program.
pub(crate) fn lay_out(case: &Case, folder: &Path, place: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().context("an entry has a name")?;
        let name = name.to_str().context("the name is not UTF-8")?;
        if name == "case.toml" {
            continue;
        }
        lay_out_one(case, &path, name, place).with_context(|| path.display().to_string())?;
    }
    for (name, make) in &case.make {
        match make {
            Make::Directory => fs::create_dir(place.join(name))?,
            Make::Fifo => {
                let made = Command::new("mkfifo").arg(place.join(name)).status()?;
                ensure!(made.success(), "mkfifo: {made}");
            }
            Make::Link(to) => symlink(to, place.join(name))?,
            Make::Zeros(size) => fs::File::create(place.join(name))?.set_len(*size)?,
        }
    }
    for (old, new) in &case.rename {
        fs::rename(place.join(old), place.join(new)).context("renaming")?;
    }
    Ok(())
}

/// Writes one input. The text of a WebAssembly module or component becomes its binary,
/// and other files are copied.
fn lay_out_one(case: &Case, path: &Path, name: &str, place: &Path) -> Result<()> {
    let (stem, mut bytes) = if let Some(stem) = name.strip_suffix(".core.wat") {
        (stem, guest::component(&fs::read_to_string(path)?)?)
    } else if let Some(stem) = name.strip_suffix(".wat") {
        (stem, wat::parse_file(path)?)
    } else {
        fs::copy(path, place.join(name))?;
        return Ok(());
    };
    if let Some(length) = case.truncate {
        bytes.truncate(length);
    }
    Ok(fs::write(place.join(format!("{stem}.wasm")), bytes)?)
}
