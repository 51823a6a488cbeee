//! Runtimes of a composition, without a metrics host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Runner, Task, TaskEnd};
use solti_metrics_host::wasi::{Access, Output};

/// The end of a composed program, and its output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Exit code. A trap has none.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The output file of `guest/examples/jsonl.rs`.
const VARIABLES: [(&str, &str); 1] = [("JSONL_PATH", "records.jsonl")];

pub(crate) enum Runtime {
    Ours,
    /// PyPI's wasmtime, in this folder.
    Python(PathBuf),
}

impl Runtime {
    /// Runs a program with `folder` as its current, writable folder, and with the
    /// variables of [`VARIABLES`].
    pub(crate) fn run(&self, program: &[u8], folder: &Path, args: &[&str]) -> Result<Ended> {
        match self {
            Self::Ours => ours(program, folder, args),
            Self::Python(path) => python(path, program, folder, args),
        }
    }
}

fn ours(program: &[u8], folder: &Path, args: &[&str]) -> Result<Ended> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let program = runner.load("composed", program)?;
    let mut task = Task::new().dir(folder, ".", Access::ReadWrite);
    for (name, value) in VARIABLES {
        task.env.push((name.into(), value.into()));
    }
    task.args.extend(args.iter().map(ToString::to_string));
    task.stdout = Output::Capture;
    task.stderr = Output::Capture;
    let report = tokio::runtime::Runtime::new()?.block_on(runner.run(&program, task))?;
    ensure!(
        report.ledger.accepted() == 0,
        "the program recorded into the host"
    );
    Ok(Ended {
        code: match report.end {
            TaskEnd::Exited { code } => Some(code),
            TaskEnd::Trapped { .. } => None,
            other => anyhow::bail!("the program ended differently: {other}"),
        },
        stdout: String::from_utf8(report.stdout)?,
        stderr: String::from_utf8(report.stderr)?,
    })
}

fn python(path: &Path, program: &[u8], folder: &Path, args: &[&str]) -> Result<Ended> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("composed.wasm");
    fs::write(&file, program)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference_tools/run_component.py");
    let output = Command::new("python3")
        .env("PYTHONPATH", path)
        .envs(VARIABLES)
        .args([&script, &file, folder])
        .args(args)
        .output()
        .context("python3")?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(!stderr.contains("Traceback"), "{stderr}");
    let code = output.status.code().filter(|code| *code != 134);
    Ok(Ended {
        code,
        stdout: String::from_utf8(output.stdout)?,
        // For a trap, the script prints the message of the runtime.
        stderr: code.map_or_else(String::new, |_| stderr.into_owned()),
    })
}
