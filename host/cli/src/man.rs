use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;

use crate::exit::{Exit, print};
use crate::write::write;

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder for the pages. The command creates the folder if it does not exist.
    pub(crate) dir: PathBuf,
}

pub(crate) fn man(args: &ManArgs, command: Command) -> anyhow::Result<Exit> {
    let dir = &args.dir;
    fs::create_dir_all(dir)
        .with_context(|| format!("cannot create the folder {}", dir.display()))?;
    // A page for `help` would repeat the list of subcommands.
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = 1;
    page(dir, &command)?;
    for subcommand in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        page(dir, subcommand)?;
        pages += 1;
    }
    print(&format!("{pages} pages are in {}\n", dir.display()))?;
    Ok(Exit::Good)
}

fn page(dir: &Path, command: &Command) -> anyhow::Result<()> {
    let page =
        Man::new(command.clone()).source(concat!("solti-metrics ", env!("CARGO_PKG_VERSION")));
    let path = dir.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    write(&path, &text).with_context(|| format!("cannot write {}", path.display()))
}
