//! `precompile`: compiles a component into a file that runs without compilation.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bytesize::ByteSize;
use clap::Args;
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, ArtifactKey, Origin, Precompiled, component_in};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::provider::Providers;
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, Runner};
use solti_metrics_host::text::printable;

use crate::artifacts::ArtifactArgs;
use crate::elapsed::elapsed;
use crate::exit::Exit;
use crate::messages::print_message;
use crate::output::{Destination, unwritable};
use crate::recording_mode::recording_mode;

#[derive(Debug, Args)]
pub(crate) struct PrecompileArgs {
    /// File of the component; `-` is standard input.
    pub(crate) component: PathBuf,

    /// File of the compiled component; `-` is standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Recording mode of the compiled guest.
    #[arg(long, value_name = "MODE", default_value = "inline", value_parser = recording_mode())]
    pub(crate) recording_mode: RecordingMode,

    /// Maximum size of the component file.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    /// Compile the guest for a runner that counts fuel, such as `serve` with `runner.fuel`.
    /// Runners without fuel do not use the code.
    #[arg(long)]
    pub(crate) fuel: bool,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

pub(crate) fn precompile(args: &PrecompileArgs) -> anyhow::Result<Exit> {
    let Some(output) = Destination::for_bytes(&args.output, "code")? else {
        return Ok(Exit::Misused);
    };
    if is_same_file(&args.component, &args.output) {
        print_message(format_args!(
            "error: {}: the output is the component itself; name another file with --output",
            args.output.display()
        ));
        return Ok(Exit::Misused);
    }
    let cache = args.artifacts.open()?;
    let Some(key) = key(args, cache.as_ref())? else {
        print_message(format_args!(
            "error: there is no key to authenticate the file; name a key file with --artifact-key"
        ));
        return Ok(Exit::Misused);
    };
    let start = Instant::now();
    let (file, purpose) = file(args, cache.as_ref(), &key)?;
    let took = start.elapsed();
    let written = output.write(&file.bytes);
    written.map_err(|error| unwritable(&args.output, &error))?;
    let from = match file.origin {
        Origin::Cached => "read from the compilation cache",
        _ => "compiled",
    };
    let line = format!(
        "{}: {}, {}, {purpose}; {from} in {}",
        file_name(&args.output),
        file_name(&args.component),
        ByteSize::b(file.bytes.len() as u64),
        elapsed(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
    );
    output.summarize(&line)?;
    Ok(Exit::Good)
}

/// Whether both paths name one existing file, directly or through links.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let (one, other) = (fs::canonicalize(one), fs::canonicalize(other));
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

/// The key of `--artifact-key`, which is created if the file does not exist, or the key of
/// the compilation cache.
fn key(
    args: &PrecompileArgs,
    cache: Option<&ArtifactCache>,
) -> anyhow::Result<Option<ArtifactKey>> {
    Ok(match &args.artifacts.artifact_key {
        Some(file) => Some(ArtifactKey::read_or_create(file)?),
        None => cache.map(ArtifactCache::key).cloned(),
    })
}

/// The precompiled file, and its role or recording mode.
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
        .recording_mode(args.recording_mode)
        .fuel(args.fuel)
        .build()?;
    let bytes = runner.read(&args.component)?;
    let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
    let calls = match inspection.is_inlined() {
        true => "",
        false => ", calls not inlined",
    };
    let is_backend = matches!(inspection.role(), Role::Provider | Role::Middleware);
    if is_backend && !inspection.is_program() {
        let providers = Providers::builder()
            .artifacts(artifacts)
            .max_component(args.max_component.as_u64())
            .build()?;
        let file = providers.precompile(&name, &bytes, key)?;
        return Ok((file, format!("a {}{calls}", inspection.role())));
    }
    let (file, recording) = runner.precompile(&name, &bytes, key)?;
    let recording = match recording {
        ProgramRecording::Inline => "recording mode inline".into(),
        ProgramRecording::Direct { reason: None } => "recording mode direct".into(),
        ProgramRecording::Direct {
            reason: Some(reason),
        } => format!("recording mode direct, because the guest {reason}"),
        _ => "no records".into(),
    };
    Ok((file, recording + calls))
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    printable(&name.display().to_string())
}
