//! A project of `new`, and its tools.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::shell::run;
use solti_metrics_tests::tree::tree;
use tempfile::TempDir;

/// Files of a larger project around it. Tools look for them in the folders above.
const AROUND: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = []\nresolver = \"3\"\n",
    ),
    (
        "package.json",
        r#"{ "private": true, "type": "module", "workspaces": ["*"] }"#,
    ),
    ("go.mod", "module example/larger\n\ngo 1.24\n"),
    ("go.work", "go 1.24\n\nuse .\n"),
    (
        "pyproject.toml",
        "[project]\nname = \"larger\"\nversion = \"1\"\n",
    ),
    ("build.zig", "pub fn build() void {}\n"),
    ("Makefile", "all:\n\t@false\n"),
];

pub(crate) struct Project {
    folder: TempDir,
    pub(crate) name: String,
    /// The output of `new`.
    pub(crate) said: String,
}

impl Project {
    /// Creates a project within a larger one of each kind. Its name has the language and
    /// the role.
    pub(crate) fn new(language: &str, role: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for (file, text) in AROUND {
            fs::write(folder.path().join(file), text)?;
        }
        let name = format!("{role}-in-{language}");
        let output = new_in(folder.path(), language, role, &name)?;
        ensure!(output.status.success(), "{output:?}");
        Ok(Self {
            folder,
            name,
            said: String::from_utf8(output.stdout)?,
        })
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(&self.name).join(file)
    }

    pub(crate) fn component(&self) -> PathBuf {
        self.path(&format!("{}.wasm", self.name))
    }

    /// All its files, by their relative paths.
    pub(crate) fn files(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        tree(&self.path(""))
    }

    /// Runs a script in its folder, and returns the output.
    pub(crate) fn shell(&self, script: &str) -> Result<String> {
        run(script, &self.path(""))
    }

    /// Builds it with the commands that `new` has printed.
    pub(crate) fn build(&self) -> Result<()> {
        // A new Rust project would fetch the latest versions. The locked ones are
        // present.
        if self.path("Cargo.toml").exists() {
            let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
            fs::copy(versions, self.path("Cargo.lock"))?;
        }
        let (_, next) = self.said.split_once("next:\n").context("nothing is next")?;
        run(next, self.folder.path())?;
        Ok(())
    }
}

/// Rust with the SDK in this tree, instead of generated bindings.
pub(crate) const RUST_SDK: &str = "rust-sdk";

/// Runs `new` with these arguments in this folder.
pub(crate) fn new_in(folder: &Path, language: &str, role: &str, dir: &str) -> Result<Output> {
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest");
    let mut new = Command::new(command());
    if language == RUST_SDK {
        new.args(["new", "--language", "rust", "--sdk-path"]);
        new.arg(sdk);
    } else {
        new.args(["new", "--language", language]);
    }
    Ok(new
        .args(["--role", role, dir])
        .current_dir(folder)
        .output()?)
}
