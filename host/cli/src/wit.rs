//! `wit`: writes the WIT package `solti:metrics`.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::exit::{Exit, print};
use crate::wit_package::encoded;
use crate::write::write;

/// Files of the package, as of the build of this binary.
pub(crate) const FILES: [(&str, &str); 7] = [
    ("types.wit", include_str!("wit/types.wit")),
    ("backend.wit", include_str!("wit/backend.wit")),
    ("world.wit", include_str!("wit/world.wit")),
    ("batch.wit", include_str!("wit/batch.wit")),
    ("lifecycle.wit", include_str!("wit/lifecycle.wit")),
    ("exposition.wit", include_str!("wit/exposition.wit")),
    ("accounting.wit", include_str!("wit/accounting.wit")),
];

#[derive(Debug, Args)]
pub(crate) struct WitArgs {
    /// Folder for the WIT files. The command creates the folder if it does not exist.
    #[arg(default_value = "wit/deps/solti-metrics")]
    pub(crate) dir: PathBuf,

    /// File for the package as one component, instead of a folder of WIT files.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    pub(crate) package: Option<PathBuf>,
}

pub(crate) fn wit(args: &WitArgs) -> anyhow::Result<Exit> {
    match &args.package {
        Some(file) => package(file),
        None => texts(&args.dir),
    }
}

fn package(file: &Path) -> anyhow::Result<Exit> {
    write(file, &encoded(&FILES)?).with_context(|| format!("cannot write {}", file.display()))?;
    written(file)
}

fn texts(dir: &Path) -> anyhow::Result<Exit> {
    fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the folder {}", dir.display()))?;
    // All files are written, or none: changed files of the user are detected before the
    // first write.
    for (name, text) in FILES {
        let path = dir.join(name);
        match fs::read(&path) {
            Ok(found) if found != text.as_bytes() => bail!(
                "{} already exists and differs; remove it, or name another folder",
                path.display()
            ),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot write {}", path.display()));
            }
            _ => {}
        }
    }
    for (name, text) in FILES {
        let path = dir.join(name);
        write(&path, text.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    written(dir)
}

fn written(path: &Path) -> anyhow::Result<Exit> {
    let version = solti_metrics_host::WIT_VERSION;
    print(&format!(
        "solti:metrics@{version} is in {}\n",
        path.display()
    ))?;
    Ok(Exit::Good)
}
