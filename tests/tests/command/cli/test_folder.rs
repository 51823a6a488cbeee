use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, cache_home, command};
use tempfile::TempDir;

use solti_metrics_tests::child::{End, Running};

/// A test's own folder, in which the command runs.
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
        place.write("guest.wasm", guest)?;
        Ok(place)
    }

    /// A folder with `files` in its folder `in`, for `digest` to hash.
    pub(crate) fn with_files(files: &[&str]) -> Result<Self> {
        let place = Self::new()?;
        for file in files {
            place.write(&format!("in/{file}"), file.as_bytes())?;
        }
        Ok(place)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        Ok(fs::write(path, bytes)?)
    }

    /// The command with these arguments, in this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Result<Command> {
        let mut command = self.program(&program()?);
        command.args(args);
        Ok(command)
    }

    /// A shell script in this folder. `$0` is the command.
    pub(crate) fn shell(&self, script: &str, args: &[&str]) -> Result<Command> {
        let mut command = self.program(Path::new("sh"));
        command.args(["-c", script]).arg(program()?).args(args);
        Ok(command)
    }

    fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env_remove("RUST_LOG")
            .env("XDG_CACHE_HOME", cache_home());
        command
    }

    /// Runs the command to its end. The command never panics, for all arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Result<End> {
        let end = Running::start(&mut self.command(args)?)?.end()?;
        ensure!(!end.stderr.contains("panicked at"), "it panicked\n{end}");
        Ok(end)
    }

    /// Runs `digest` over the folder `in`.
    pub(crate) fn digest(&self, options: &[&str]) -> Result<End> {
        let digest = digest();
        let mut args = vec!["run", "--dir", "."];
        args.extend(options);
        args.extend([digest.as_str(), "--", "in"]);
        self.run(&args)
    }
}

/// The component made of `guest/examples/digest.rs`.
pub(crate) fn digest() -> String {
    artifact("digest", WASI).display().to_string()
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
