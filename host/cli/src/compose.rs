//! `compose`: composes a guest, middlewares and a provider into one component.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::Args;
use solti_metrics_host::compose::{Composed, Composer};
use solti_metrics_host::text::printable;

use crate::exit::Exit;
use crate::messages::print_message;
use crate::output::{Destination, unwritable};
use crate::stdin::named_twice;

/// Maximum number of imported packages that the summary names.
const MAX_PACKAGES: usize = 8;

#[derive(Debug, Args)]
#[command(
    override_usage = "solti-metrics compose <GUEST> [MIDDLEWARE]... <PROVIDER> --output <OUT>"
)]
pub(crate) struct ComposeArgs {
    /// File of the guest; `-` is standard input.
    pub(crate) guest: PathBuf,

    /// Files of the middlewares, in the order of the records, and then of the provider.
    #[arg(required = true, value_name = "COMPONENT")]
    pub(crate) components: Vec<PathBuf>,

    /// File of the composed component; `-` is standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// Maximum size of each component file.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,
}

pub(crate) fn compose(args: &ComposeArgs) -> anyhow::Result<Exit> {
    let Some(output) = Destination::for_bytes(&args.output, "a component")? else {
        return Ok(Exit::Misused);
    };
    let files: Vec<_> = [&args.guest].into_iter().chain(&args.components).collect();
    if let Some(misuse) = named_twice(files.iter().map(|it| it.as_path())) {
        print_message(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let composer = Composer::new().max_component(args.max_component.as_u64());
    let composed = composer.compose_files(&files)?;
    let written = output.write(&composed.bytes);
    written.map_err(|error| unwritable(&args.output, &error))?;
    let line = line(&args.output, &files, &composed);
    output.summarize(&line)?;
    Ok(Exit::Good)
}

/// Summary of a composition: its components, its size and its remaining imports.
fn line(output: &Path, files: &[&PathBuf], composed: &Composed) -> String {
    let files: Vec<_> = files.iter().map(|file| file_name(file)).collect();
    let size = ByteSize::b(composed.bytes.len() as u64);
    let packages: BTreeSet<_> = composed
        .inspection
        .imports
        .iter()
        .map(|import| import.path().split('/').next().unwrap_or_default())
        .collect();
    let mut named: Vec<_> = packages
        .iter()
        .take(MAX_PACKAGES)
        .map(|it| printable(it))
        .collect();
    match packages.len() {
        0 => named.push("nothing".into()),
        1..=MAX_PACKAGES => {}
        many => named.push(format!("{} more", many - MAX_PACKAGES)),
    }
    format!(
        "{}: {}, {size}; imports {}",
        file_name(output),
        files.join(" + "),
        named.join(", ")
    )
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    printable(&name.display().to_string())
}
