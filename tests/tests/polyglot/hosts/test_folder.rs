//! A folder with the files of the page, and its prerequisites.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::blocks::{Block, blocks};
use solti_metrics_tests::reference_tool::ReferenceTool;
use tempfile::TempDir;

use crate::hosts::calls::input;

/// The sections with commands.
pub(crate) const HOSTS: [&str; 3] = ["python", "node", "browser"];

/// The files that these commands need.
pub(crate) const FILES: [&str; 6] = [
    "host.py",
    "package.json",
    "backend.js",
    "host.js",
    "index.html",
    "serve.js",
];

pub(crate) struct TestFolder {
    folder: TempDir,
    commands: Vec<String>,
}

impl TestFolder {
    pub(crate) fn new(host: &str, component: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path();
        let blocks = blocks(&crate::hosts::page()?)?;
        for file in &FILES {
            let block = blocks.iter().find(|block| block.about == *file);
            fs::write(path.join(file), &block.context(*file)?.text)?;
        }
        symlink(component, path.join("reporter.wasm"))?;
        fs::write(path.join("stdin.txt"), input().text)?;
        if let ReferenceTool::Here(modules) = ReferenceTool::jco() {
            symlink(modules.canonicalize()?, path.join("node_modules"))?;
        }
        let commands = blocks.iter().find(|block| block.is("sh", host));
        let commands = commands.map(Block::lines).context("no commands")?;
        let commands = commands.map(str::to_owned).collect();
        Ok(Self { folder, commands })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The line with this beginning, as a shell command.
    pub(crate) fn command(&self, begins: &str) -> Result<Command> {
        let mut lines = self.commands.iter();
        let line = lines
            .find(|line| line.starts_with(begins))
            .context("gone")?;
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("exec {line}")])
            .current_dir(self.path());
        if let ReferenceTool::Here(wasmtime) = ReferenceTool::wasmtime_py() {
            command.env("PYTHONPATH", wasmtime);
        }
        Ok(command)
    }

    /// Makes JavaScript from the component.
    pub(crate) fn transpile(&self) -> Result<()> {
        let output = self.command("npx jco")?.output().context("npx")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{said}");
        Ok(())
    }
}

pub(crate) fn python(place: &TestFolder) -> Result<String> {
    failing(place.command("python3")?)
}

pub(crate) fn node(place: &TestFolder) -> Result<String> {
    place.transpile()?;
    // The command includes its standard input.
    failing(place.command("node")?)
}

/// A line of the input is invalid, so that the reporter fails.
fn failing(mut command: Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output()?;
    let (printed, said) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(output.status.code() == Some(1), "{}: {said}", output.status);
    ensure!(printed.contains("3 3\n"), "{printed}");
    Ok(printed)
}

/// A file for the output of a program.
pub(crate) fn log(place: &TestFolder, name: &str) -> Result<Stdio> {
    Ok(File::create(place.path().join(name))?.into())
}
