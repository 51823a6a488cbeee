use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::command;
use tempfile::TempDir;

use solti_metrics_tests::child::{End, Running};

/// A test's own folder, in which the command runs and stores its compiled code.
pub(crate) struct TestFolder {
    folder: TempDir,
}

impl TestFolder {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
        })
    }

    /// A folder with the component `guest.wasm`.
    pub(crate) fn with(guest: &[u8]) -> Result<Self> {
        let place = Self::new()?;
        fs::write(place.path("guest.wasm"), guest)?;
        Ok(place)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The default cache folder of the command.
    pub(crate) fn cache(&self) -> PathBuf {
        self.path("caches/solti-metrics/code")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = self.program(&program()?);
        command.args(args);
        Ok(command)
    }

    /// A shell in which `$0` is the command.
    pub(crate) fn shell(&self, script: &str) -> Result<Command> {
        let mut command = self.program(Path::new("sh"));
        command.args(["-c", script]).arg(program()?);
        Ok(command)
    }

    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env_remove("RUST_LOG")
            .env("XDG_CACHE_HOME", self.path("caches"));
        command
    }

    /// Runs the command to its end. The command never panics, for all arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Result<End> {
        end(&mut self.command(args)?)
    }

    /// Runs a guest successfully in this way. Returns standard error.
    pub(crate) fn succeeds(&self, args: &[&str]) -> Result<String> {
        let end = self.run(args)?;
        ensure!(end.code == Some(0), "{args:?}\n{end}");
        Ok(end.stderr)
    }

    /// Runs a guest that must not load, also by the report. Returns the reason.
    pub(crate) fn is_not_loaded(&self, args: &[&str]) -> Result<String> {
        let args = [&["run", "--format", "json"], args].concat();
        let end = self.run(&args)?;
        ensure!(end.code == Some(1), "{args:?}\n{end}");
        let report: Value = serde_json::from_str(&end.stdout).context("a report")?;
        let error = &report["errors"][0];
        ensure!(error["error"] == "module_load_failed", "{report}");
        ensure!(error["count"] == 1, "{report}");
        Ok(end.stderr)
    }
}

pub(crate) fn end(command: &mut Command) -> Result<End> {
    let end = Running::start(command)?.end()?;
    ensure!(!end.stderr.contains("panicked at"), "it panicked\n{end}");
    Ok(end)
}

/// The command. Cargo does not build it for a test of another package.
pub(crate) fn program() -> Result<PathBuf> {
    let program = command();
    ensure!(
        program.is_file(),
        "{} does not exist; run `cargo build --workspace` first",
        program.display()
    );
    Ok(program)
}
