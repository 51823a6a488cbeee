//! A folder of its own for a test, in which the command is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::artifact::{cache_home, program};
use crate::child::{End, Running};

/// A folder, which is removed with this, and what the command that runs there has as
/// `XDG_CACHE_HOME`.
pub struct TestFolder {
    folder: TempDir,
    caches: PathBuf,
}

impl TestFolder {
    /// With the cache that tests share.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn new() -> Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
            caches: cache_home(),
        })
    }

    /// With a cache of its own, in the folder.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn with_own_cache() -> Result<Self> {
        let mut place = Self::new()?;
        place.caches = place.path("caches");
        Ok(place)
    }

    /// Where a file of this name is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the command keeps code unless it is told otherwise.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.caches.join("solti-metrics/code")
    }

    /// Writes a file, in folders that are made if they are not there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        Ok(fs::write(path, bytes)?)
    }

    /// The command with these arguments, in this folder.
    ///
    /// # Errors
    ///
    /// When the command is not built.
    pub fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = self.started(&program()?);
        command.args(args);
        Ok(command)
    }

    /// A shell script in this folder. `$0` is the command.
    ///
    /// # Errors
    ///
    /// When the command is not built.
    pub fn shell(&self, script: &str, args: &[&str]) -> Result<Command> {
        let mut command = self.started(Path::new("sh"));
        command.args(["-c", script]).arg(program()?).args(args);
        Ok(command)
    }

    fn started(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env_remove("RUST_LOG")
            .env("XDG_CACHE_HOME", &self.caches);
        command
    }

    /// Runs the command to its end.
    ///
    /// # Errors
    ///
    /// When it panics, whatever it is given.
    pub fn run(&self, args: &[&str]) -> Result<End> {
        end(&mut self.command(args)?)
    }
}

/// Runs a command to its end.
///
/// # Errors
///
/// When it panics.
pub fn end(command: &mut Command) -> Result<End> {
    let end = Running::start(command)?.end()?;
    ensure!(!end.stderr.contains("panicked at"), "it panicked\n{end}");
    Ok(end)
}
