//! A project as `new` writes it, and what is at hand there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::shell::run;
use solti_metrics_tests::tree::tree;
use tempfile::TempDir;

/// What a larger project has around it, whose tools look for that in folders above.
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
    /// What `new` has printed.
    pub(crate) said: String,
}

impl Project {
    /// A new one, named for what it is, within a larger one of every kind.
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

    /// All of its files, by their paths in it.
    pub(crate) fn files(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        tree(&self.path(""))
    }

    /// Runs a script in its folder, and returns what that prints.
    pub(crate) fn shell(&self, script: &str) -> Result<String> {
        run(script, &self.path(""))
    }

    /// Builds it with the commands that `new` has printed.
    pub(crate) fn build(&self) -> Result<()> {
        // Each Rust project would bring the latest; these are here already.
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

/// The command in this folder: `new` with these arguments.
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
