//! `check`: tells what a component is, and whether it can be run here.

mod grants;

use std::fmt::Write;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};
use serde::Serialize;
use solti_metrics::noop_metrics;
use solti_metrics_host::WIT_VERSION;
use solti_metrics_host::artifact::{Artifacts, component_in};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::provider::{Grants, OptionalInterfaces, Providers};
use solti_metrics_host::runner::{ProgramRecording, Runner};
use solti_metrics_host::text::printable;

use crate::artifacts::{ArtifactArgs, tell};
use crate::exit::{Exit, print};
use crate::voice::complain;
pub(crate) use grants::for_network;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The component's file; `-` is standard input.
    pub(crate) component: PathBuf,

    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,

    /// Bytes that the component's file may have.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What a component is, what it needs, and whether it can be run here.
#[derive(Debug, Serialize)]
struct Answer {
    schema: &'static str,
    component: String,
    role: &'static str,
    metrics_version: Option<String>,
    host_version: &'static str,
    program: bool,
    imports: Vec<Import>,
    exports: Vec<String>,
    /// What it has beside `backend`, if it receives records.
    interfaces: Vec<&'static str>,
    runnable: bool,
    /// What it would run on, if it can be used here: `tuned`, or `async` if it needs
    /// component-model async.
    engine: Option<&'static str>,
    /// What in it needs that.
    engine_reason: Option<String>,
    /// How its records would travel, if it can be run: `inline`, `direct` or `none`.
    path: Option<&'static str>,
    /// Why they would not be inlined.
    recording_mode_reason: Option<String>,
    /// Whether it can receive records here, once granted what it needs.
    backend: bool,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Import {
    name: String,
    grant: Option<&'static str>,
}

pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let name = printable(&args.component.display().to_string());
    let artifacts = args.artifacts.artifacts()?;
    let runner = Runner::builder(noop_metrics())
        .artifacts(artifacts.clone())
        .max_component(args.max_component.as_u64())
        .build()?;
    // Read once: it may be a pipe.
    let bytes = runner.read(&args.component);
    let inspected = bytes.and_then(|bytes| {
        let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
        Ok((inspection, bytes))
    });
    let (inspection, loaded, backend) = match inspected {
        Ok((inspection, bytes)) => {
            let loaded = runner.load(&name, &bytes);
            let loaded = loaded.map(|program| {
                tell(&name, program.refusal());
                program.recording().clone()
            });
            let receives = matches!(inspection.role(), Role::Provider | Role::Middleware);
            let backend = receives.then(|| can_receive(&name, &bytes, artifacts, args));
            (inspection, loaded, backend)
        }
        // Not a component at all: there is nothing to tell about it.
        Err(error) if args.format == CheckFormat::Text => {
            complain(format_args!("error: {error}"));
            return Ok(Exit::Failed);
        }
        Err(error) => (Inspection::default(), Err(error), None),
    };
    // To receive records is what it is for, if it can.
    let problem = match (&loaded, &backend) {
        (Ok(_), _) | (_, Some(Ok(()))) => None,
        (_, Some(Err(error))) => Some(error.to_string()),
        (Err(error), None) => Some(error.to_string()),
    };
    let usable = problem.is_none();
    let needs_async = inspection.needs_async.clone().filter(|_| usable);
    let answer = Answer {
        schema: "solti-metrics/check@1",
        component: name,
        role: inspection.role().as_label(),
        metrics_version: inspection.metrics_version().map(printable),
        host_version: WIT_VERSION,
        program: inspection.is_program(),
        imports: inspection
            .imports
            .iter()
            .map(|import| Import {
                name: printable(import.name()),
                grant: if backend.is_some() {
                    grants::for_backend(import)
                } else {
                    grants::for_task(import)
                },
            })
            .collect(),
        exports: inspection
            .exports
            .iter()
            .map(|export| printable(export.name()))
            .collect(),
        interfaces: OptionalInterfaces::of(&inspection).names(),
        engine: usable.then_some(match needs_async {
            None => "tuned",
            Some(_) => "async",
        }),
        engine_reason: needs_async,
        path: loaded.as_ref().ok().map(ProgramRecording::as_label),
        recording_mode_reason: loaded
            .as_ref()
            .ok()
            .and_then(ProgramRecording::reason)
            .map(Into::into),
        runnable: loaded.is_ok(),
        backend: matches!(backend, Some(Ok(()))),
        problem,
    };
    print(&match args.format {
        CheckFormat::Text => text(&answer)?,
        CheckFormat::Json => serde_json::to_string_pretty(&answer)? + "\n",
    })?;
    let Some(problem) = answer.problem else {
        return Ok(Exit::Good);
    };
    if args.format == CheckFormat::Text {
        complain(format_args!("error: {problem}"));
    }
    Ok(Exit::Failed)
}

/// Whether it can be a backend, whatever it has to be granted for it.
fn can_receive(
    name: &str,
    bytes: &[u8],
    artifacts: Artifacts,
    args: &CheckArgs,
) -> anyhow::Result<()> {
    let providers = Providers::builder()
        .artifacts(artifacts)
        .max_component(args.max_component.as_u64())
        .build()?;
    let provider = providers.load(name, bytes, &Grants::new().no_network())?;
    tell(name, provider.refusal());
    Ok(())
}

fn text(answer: &Answer) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "{}", answer.component)?;
    writeln!(text, "  role      {}", answer.role)?;
    let wanted = answer.metrics_version.as_deref().map_or_else(
        || "not used".to_owned(),
        |version| {
            format!(
                "solti:metrics@{version} (this host has {})",
                answer.host_version
            )
        },
    );
    writeln!(text, "  metrics   {wanted}")?;
    let program = if answer.program {
        "yes, it exports wasi:cli/run"
    } else {
        "no"
    };
    writeln!(text, "  program   {program}")?;
    let width = answer.imports.iter().map(|import| import.name.len()).max();
    for (number, import) in answer.imports.iter().enumerate() {
        let head = if number == 0 { "imports" } else { "" };
        let (name, grant) = (&import.name, import.grant.unwrap_or_default());
        let line = format!(
            "  {head:<9} {name:<width$}  {grant}",
            width = width.unwrap_or(0)
        );
        writeln!(text, "{}", line.trim_end())?;
    }
    for (number, export) in answer.exports.iter().enumerate() {
        let head = if number == 0 { "exports" } else { "" };
        writeln!(text, "  {head:<9} {export}")?;
    }
    if !answer.interfaces.is_empty() {
        writeln!(text, "  optional  {}", answer.interfaces.join(", "))?;
    }
    match (answer.engine, &answer.engine_reason) {
        (Some(engine), Some(reason)) => writeln!(text, "  engine    {engine}, since {reason}")?,
        (Some(engine), None) => writeln!(text, "  engine    {engine}")?,
        (None, _) => {}
    }
    match (answer.path, &answer.recording_mode_reason) {
        (Some("inline"), _) => writeln!(text, "  records   inlined into the guest")?,
        (Some("direct"), Some(reason)) => {
            writeln!(
                text,
                "  records   by calls of the host, since the guest {reason}"
            )?;
        }
        _ => {}
    }
    let verdict = match (answer.runnable, answer.backend, answer.role) {
        (true, false, _) => "can be run here",
        (true, true, _) => "can be run here, and can be a backend",
        (false, true, "middleware") => "can receive records here, with --middleware",
        (false, true, _) => "can receive records here, with --backend",
        (false, false, "provider" | "middleware") => "cannot receive records here",
        (false, false, _) => "cannot be run here",
    };
    writeln!(text, "  verdict   {verdict}")?;
    Ok(text)
}
