use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use clap::Args;
use solti_metrics_host::compose::{Composed, Composer};
use solti_metrics_host::text::printable;

use crate::exit::Exit;
use crate::output::{Output, unwritable};
use crate::stdin::named_twice;
use crate::voice::complain;

/// Of what is still imported, so many packages are named.
const NAMED: usize = 8;

#[derive(Debug, Args)]
#[command(
    override_usage = "solti-metrics compose <GUEST> [MIDDLEWARE]... <PROVIDER> --output <OUT>"
)]
pub(crate) struct ComposeArgs {
    /// The guest's file; `-` is standard input.
    pub(crate) guest: PathBuf,

    /// The files of those that receive its records, in the order that records
    /// travel: middlewares if there are any, and last the provider.
    #[arg(required = true, value_name = "RECEIVER")]
    pub(crate) receivers: Vec<PathBuf>,

    /// Where the component goes; `-` is standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,

    /// Bytes that each component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,
}

pub(crate) fn compose(args: &ComposeArgs) -> anyhow::Result<Exit> {
    let Some(output) = Output::for_bytes(&args.output, "a component")? else {
        return Ok(Exit::Misused);
    };
    let parts: Vec<_> = [&args.guest].into_iter().chain(&args.receivers).collect();
    if let Some(misuse) = named_twice(parts.iter().map(|it| it.as_path())) {
        complain(format_args!("error: {misuse}"));
        return Ok(Exit::Misused);
    }
    let composer = Composer::new().max_component(args.max_component.as_u64());
    let composed = composer.compose_files(&parts)?;
    let written = output.write(&composed.bytes);
    written.map_err(|error| unwritable(&args.output, &error))?;
    let line = line(&args.output, &parts, &composed);
    output.summarize(&line)?;
    Ok(Exit::Good)
}

/// What was composed, how large it is, and what it still imports.
fn line(output: &Path, parts: &[&PathBuf], composed: &Composed) -> String {
    let parts: Vec<_> = parts.iter().map(|part| file_name(part)).collect();
    let size = ByteSize::b(composed.bytes.len() as u64);
    let packages: BTreeSet<_> = composed
        .inspection
        .imports
        .iter()
        .map(|import| import.path().split('/').next().unwrap_or_default())
        .collect();
    let mut named: Vec<_> = packages
        .iter()
        .take(NAMED)
        .map(|it| printable(it))
        .collect();
    match packages.len() {
        0 => named.push("nothing".into()),
        1..=NAMED => {}
        many => named.push(format!("{} more", many - NAMED)),
    }
    format!(
        "{}: {} in {size}; it imports {}",
        file_name(output),
        parts.join(" + "),
        named.join(", ")
    )
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    printable(&name.display().to_string())
}
