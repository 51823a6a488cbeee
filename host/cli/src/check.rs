use std::fmt::Write;

use serde::Serialize;
use solti_metrics::noop_metrics;
use solti_metrics_host::WIT_VERSION;
use solti_metrics_host::runner::{Inspection, Interface, Runner, printable};

use crate::args::{CheckArgs, CheckFormat};
use crate::exit::{Exit, print};
use crate::voice::complain;

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
    runnable: bool,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct Import {
    name: String,
    grant: Option<&'static str>,
}

pub(crate) fn check(args: &CheckArgs) -> anyhow::Result<Exit> {
    let name = printable(&args.component.display().to_string());
    let runner = Runner::builder(noop_metrics()).build()?;
    // Read once: it may be a pipe.
    let bytes = runner.read(&args.component);
    let inspected = bytes.and_then(|bytes| Ok((Inspection::of(&name, &bytes)?, bytes)));
    let (inspection, loaded) = match inspected {
        Ok((inspection, bytes)) => (inspection, runner.load(&name, &bytes).map(drop)),
        // Not a component at all: there is nothing to tell about it.
        Err(error) if args.format == CheckFormat::Text => {
            complain(format_args!("error: {error}"));
            return Ok(Exit::Failed);
        }
        Err(error) => (Inspection::default(), Err(error)),
    };
    let answer = Answer {
        schema: "solti-metrics/check@1",
        component: name,
        role: inspection.role().as_label(),
        metrics_version: inspection.metrics_version().map(printable),
        host_version: WIT_VERSION,
        program: inspection.is_program(),
        imports: inspection.imports.iter().map(import).collect(),
        exports: inspection
            .exports
            .iter()
            .map(|export| printable(export.name()))
            .collect(),
        runnable: loaded.is_ok(),
        problem: loaded.as_ref().err().map(ToString::to_string),
    };
    print(&match args.format {
        CheckFormat::Text => text(&answer)?,
        CheckFormat::Json => serde_json::to_string_pretty(&answer)? + "\n",
    })?;
    if let (Err(error), CheckFormat::Text) = (loaded, args.format) {
        complain(format_args!("error: {error}"));
        return Ok(Exit::Failed);
    }
    Ok(if answer.runnable {
        Exit::Good
    } else {
        Exit::Failed
    })
}

fn import(interface: &Interface) -> Import {
    Import {
        name: printable(interface.name()),
        grant: interface.grant(),
    }
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
    let verdict = if answer.runnable {
        "can be run here"
    } else {
        "cannot be run here"
    };
    writeln!(text, "  verdict   {verdict}")?;
    Ok(text)
}
