use std::path::{Path, PathBuf};
use std::time::Instant;

use bytesize::ByteSize;
use clap::Args;
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, ArtifactKey, Origin, Precompiled, component_in};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::{self, Runner};
use solti_metrics_host::text::printable;

use crate::artifacts::ArtifactArgs;
use crate::elapsed::elapsed;
use crate::exit::Exit;
use crate::output::{Output, unwritable};
use crate::voice::complain;
use crate::way::Way;

#[derive(Debug, Args)]
pub(crate) struct PrecompileArgs {
    /// The component's file; `-` is standard input.
    pub(crate) component: PathBuf,

    /// Where the file goes; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Which path a guest's records are to take.
    #[arg(long, value_enum, default_value_t = Way::Inline)]
    pub(crate) path: Way,

    /// Bytes that the component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    /// Compile a guest for a runner that counts what guests execute, as `serve` does with
    /// `runner.fuel`. Others do not use that code.
    #[arg(long)]
    pub(crate) fuel: bool,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

pub(crate) fn precompile(args: &PrecompileArgs) -> anyhow::Result<Exit> {
    let Some(output) = Output::for_bytes(&args.output, "code")? else {
        return Ok(Exit::Misused);
    };
    let cache = args.artifacts.open()?;
    let Some(key) = key(args, cache.as_ref())? else {
        complain(format_args!(
            "error: there is no key to seal it with; name a file for one with --artifact-key"
        ));
        return Ok(Exit::Misused);
    };
    let began = Instant::now();
    let (file, whatfor) = file(args, cache.as_ref(), &key)?;
    let took = began.elapsed();
    let written = output.write(&file.bytes);
    written.map_err(|error| unwritable(&args.output, &error))?;
    let from = match file.origin {
        Origin::Cached => "its code was kept already",
        _ => "compiled",
    };
    let line = format!(
        "{}: {} in {}, {whatfor}; {from}, in {}",
        file_name(&args.output),
        file_name(&args.component),
        ByteSize::b(file.bytes.len() as u64),
        elapsed(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
    );
    output.summarize(&line)?;
    Ok(Exit::Good)
}

/// The one that was named, which is made if it is not there, or that of the cache.
fn key(
    args: &PrecompileArgs,
    cache: Option<&ArtifactCache>,
) -> anyhow::Result<Option<ArtifactKey>> {
    Ok(match &args.artifacts.artifact_key {
        Some(file) => Some(ArtifactKey::read_or_create(file)?),
        None => cache.map(ArtifactCache::key).cloned(),
    })
}

/// What is to be written, and what it is good for.
fn file(
    args: &PrecompileArgs,
    cache: Option<&ArtifactCache>,
    key: &ArtifactKey,
) -> anyhow::Result<(Precompiled, String)> {
    let name = args.component.display().to_string();
    let artifacts = args.artifacts.without_key(cache)?;
    let runner = Runner::builder(noop_metrics())
        .artifacts(artifacts.clone())
        .max_component(args.max_component.as_u64())
        .recording_mode(args.path.into())
        .fuel(args.fuel)
        .build()?;
    let bytes = runner.read(&args.component)?;
    let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
    let receives = matches!(inspection.role(), Role::Provider | Role::Middleware);
    if receives && !inspection.is_program() {
        let providers = Providers::builder()
            .artifacts(artifacts)
            .max_component(args.max_component.as_u64())
            .build()?;
        let file = providers.precompile(&name, &bytes, key)?;
        return Ok((file, format!("a {}", inspection.role())));
    }
    let (file, path) = runner.precompile(&name, &bytes, key)?;
    let path = match path {
        runner::ProgramRecording::Inline => "records inlined".into(),
        runner::ProgramRecording::Direct { reason: None } => "records on the direct path".into(),
        runner::ProgramRecording::Direct {
            reason: Some(reason),
        } => format!("records on the direct path, since it {reason}"),
        _ => "no records".into(),
    };
    Ok((file, path))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    printable(&name.display().to_string())
}
