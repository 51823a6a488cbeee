//! `check`: prints the role and the imports of a component, and whether this host can run
//! it.

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

use crate::artifacts::{ArtifactArgs, warn_refusal};
use crate::exit::{Exit, print};
use crate::messages::print_message;
pub(crate) use grants::for_network;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// File of the component; `-` is standard input.
    pub(crate) component: PathBuf,

    /// Format of the answer.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(crate) format: CheckFormat,

    /// Maximum size of the component file.
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub(crate) max_component: ByteSize,

    #[command(flatten)]
    pub(crate) artifacts: ArtifactArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// Readable text.
    Text,
    /// JSON.
    Json,
}

/// Role and imports of a component, and whether this host can run it.
#[derive(Debug, Serialize)]
struct CheckAnswer {
    schema: &'static str,
    component: String,
    role: &'static str,
    metrics_version: Option<String>,
    host_version: &'static str,
    program: bool,
    imports: Vec<Import>,
    exports: Vec<String>,
    /// Optional interfaces of a provider or middleware.
    interfaces: Vec<&'static str>,
    runnable: bool,
    /// Engine of a usable component: `tuned`, or `async` if the component needs
    /// component-model async.
    engine: Option<&'static str>,
    /// Reason why the component needs component-model async.
    engine_reason: Option<String>,
    /// Whether calls between the modules of a usable component, and of the shim, are inlined.
    inlined: Option<bool>,
    /// Number of functions in the component.
    functions: u64,
    /// Bytes of these functions.
    code_bytes: u64,
    /// Maximum bytes of these functions with inlined calls.
    code_bytes_inlined: u64,
    /// Recording mode of a runnable component: `inline`, `direct` or `none`.
    recording_mode: Option<&'static str>,
    /// Reason why the recording mode is not `inline`.
    recording_mode_reason: Option<String>,
    /// Whether the component can be a backend on this host, with the grants that it needs.
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
    // The file is read once, because it may be a pipe.
    let bytes = runner.read(&args.component);
    let inspected = bytes.and_then(|bytes| {
        let inspection = Inspection::of(&name, &component_in(&name, &bytes)?)?;
        Ok((inspection, bytes))
    });
    let (inspection, loaded, backend) = match inspected {
        Ok((inspection, bytes)) => {
            let loaded = runner.load(&name, &bytes);
            let loaded = loaded.map(|program| {
                warn_refusal(&name, program.refusal());
                program.recording().clone()
            });
            let is_backend = matches!(inspection.role(), Role::Provider | Role::Middleware);
            let backend = is_backend.then(|| can_be_backend(&name, &bytes, artifacts, args));
            (inspection, loaded, backend)
        }
        // A file that is not a component has no text answer.
        Err(error) if args.format == CheckFormat::Text => {
            print_message(format_args!("error: {error}"));
            return Ok(Exit::Failed);
        }
        Err(error) => (Inspection::default(), Err(error), None),
    };
    // A component that can be a backend has no problem, even if it cannot run as a task.
    let problem = match (&loaded, &backend) {
        (Ok(_), _) | (_, Some(Ok(()))) => None,
        (_, Some(Err(error))) => Some(error.to_string()),
        (Err(error), None) => Some(error.to_string()),
    };
    let usable = problem.is_none();
    let needs_async = inspection.needs_async.clone().filter(|_| usable);
    let answer = CheckAnswer {
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
        inlined: usable.then_some(inspection.is_inlined()),
        functions: inspection.functions,
        code_bytes: inspection.code_size,
        code_bytes_inlined: inspection
            .code_size
            .saturating_add(inspection.added_by_inlining),
        recording_mode: loaded.as_ref().ok().map(ProgramRecording::as_label),
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
        print_message(format_args!("error: {problem}"));
    }
    Ok(Exit::Failed)
}

/// Checks whether a component can be a backend if it gets the grants that it needs.
fn can_be_backend(
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
    warn_refusal(name, provider.refusal());
    Ok(())
}

fn text(answer: &CheckAnswer) -> Result<String, std::fmt::Error> {
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
        (Some(engine), Some(reason)) => writeln!(text, "  engine    {engine}, because {reason}")?,
        (Some(engine), None) => writeln!(text, "  engine    {engine}")?,
        (None, _) => {}
    }
    if let Some(inlined) = answer.inlined {
        let calls = match inlined {
            true => "inlined",
            false => "not inlined",
        };
        let functions = match answer.functions {
            1 => "1 function".to_owned(),
            functions => format!("{functions} functions"),
        };
        let code = ByteSize::b(answer.code_bytes).display().iec();
        let most = ByteSize::b(answer.code_bytes_inlined).display().iec();
        writeln!(
            text,
            "  calls     {calls}: {functions}, {code} of code, at most {most} if inlined"
        )?;
    }
    match (answer.recording_mode, &answer.recording_mode_reason) {
        (Some("inline"), _) => writeln!(text, "  records   inline")?,
        (Some("direct"), Some(reason)) => {
            writeln!(text, "  records   direct, because the guest {reason}")?;
        }
        _ => {}
    }
    let verdict = match (answer.runnable, answer.backend, answer.role) {
        (true, false, _) => "runs here",
        (true, true, _) => "runs here, and can be a backend",
        (false, true, "middleware") => "can be a middleware here, with --middleware",
        (false, true, _) => "can be a backend here, with --backend",
        (false, false, "provider" | "middleware") => "cannot be a backend here",
        (false, false, _) => "does not run here",
    };
    writeln!(text, "  verdict   {verdict}")?;
    Ok(text)
}
