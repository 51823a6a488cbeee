//! Reference tools: programs of other projects that check our output.
//!
//! `tools/reference-tools.sh` installs them. A machine without a reference tool lists the
//! skipped tests with the reason. If `CI=true` or `REFERENCE_TOOLS=required`, a missing reference
//! tool is a failure.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::anyhow;

use crate::artifact::{BARE, WASI, artifact};
use crate::trial::{Trial, trial};

/// The action of a test that needs a reference tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceTool {
    /// Check the output with the tool at this path.
    Here(PathBuf),
    /// List the test as skipped, with this reason.
    Skip(String),
    /// Fail with this reason.
    Fail(String),
}

impl ReferenceTool {
    /// The program `promtool`.
    #[must_use]
    pub fn promtool() -> Self {
        Self::find("promtool", "bin/promtool")
    }

    /// The program `prometheus`, the server itself.
    #[must_use]
    pub fn prometheus() -> Self {
        Self::find("prometheus", "bin/prometheus")
    }

    /// The program `strace`, which counts system calls.
    #[must_use]
    pub fn strace() -> Self {
        Self::find("strace", "bin/strace")
    }

    /// The program `systemd-analyze`.
    #[must_use]
    pub fn systemd_analyze() -> Self {
        Self::find("systemd_analyze", "bin/systemd-analyze")
    }

    /// PyPI's `kubernetes-validate`, with the schemas of one release of Kubernetes: the
    /// folder for `PYTHONPATH`.
    #[must_use]
    pub fn kubernetes_validate() -> Self {
        Self::find("kubernetes_validate", "kubernetes")
    }

    /// PyPI's `jsonschema`: the folder for `PYTHONPATH`. The Python of that folder reads
    /// TOML, too.
    #[must_use]
    pub fn jsonschema() -> Self {
        Self::find("jsonschema", "jsonschema")
    }

    /// PyPI's `prometheus_client`: the folder for `PYTHONPATH`.
    #[must_use]
    pub fn prometheus_client() -> Self {
        Self::find("prometheus_client", "python")
    }

    /// The program `victoria-metrics`, a store that accepts OTLP and answers PromQL.
    #[must_use]
    pub fn victoria_metrics() -> Self {
        Self::find("victoria_metrics", "bin/victoria-metrics")
    }

    /// PyPI's `wasmtime`, another host for components: the folder for
    /// `PYTHONPATH`.
    #[must_use]
    pub fn wasmtime_py() -> Self {
        Self::find("wasmtime_py", "wasmtime-py")
    }

    /// PyPI's `oteltest`, whose sink accepts OTLP over HTTP and gRPC: the folder for
    /// `PYTHONPATH`.
    #[must_use]
    pub fn oteltest() -> Self {
        Self::find("oteltest", "oteltest")
    }

    /// The original statsd server: the file for `node`.
    #[must_use]
    pub fn statsd() -> Self {
        Self::find("statsd", "statsd/node_modules/statsd/stats.js")
    }

    /// The library `libfaketime`, which sets the clock of a program.
    #[must_use]
    pub fn faketime() -> Self {
        Self::find("faketime", "lib/libfaketimeMT.so.1")
    }

    /// The program `chromium`.
    #[must_use]
    pub fn chromium() -> Self {
        Self::find("chromium", "bin/chromium")
    }

    /// A program on `PATH`. No target installs it.
    #[must_use]
    pub fn on_path(name: &str) -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut programs = env::split_paths(&path).map(|folder| folder.join(name));
        let program = programs.find(|program| program.is_file());
        Self::found(program.ok_or_else(|| format!("no {name}: install it")))
    }

    /// The folder `node_modules` with npm's `jco`.
    #[must_use]
    pub fn jco() -> Self {
        let (name, script) = ("starlingmonkey", "tools/languages.sh");
        let path = "tools/starlingmonkey/node_modules";
        Self::found(look_up(&target().join("languages"), name, path, script))
    }

    /// The component of an example in the language of this toolchain. The stem names a
    /// file in `guest/examples/`, or is `raises` for `tests/raises/`.
    #[must_use]
    pub fn example(toolchain: &str, stem: &str) -> Self {
        match toolchain {
            "rust" => Self::Here(artifact(stem, WASI)),
            "rust-wasi3" => Self::Here(artifact(&format!("{stem}_wasi3"), BARE)),
            _ => Self::built(toolchain, stem),
        }
    }

    /// The component that `tools/languages.sh` has built.
    fn built(toolchain: &str, stem: &str) -> Self {
        let path = format!("{toolchain}/{stem}.wasm");
        let script = "tools/languages.sh";
        Self::found(look_up(
            &target().join("languages"),
            toolchain,
            &path,
            script,
        ))
    }

    /// A trial that checks output with this reference tool, given its path.
    ///
    /// A skipped trial fails if a user requests it: a check that did not run never
    /// passes.
    pub fn trial(
        &self,
        name: &str,
        check: impl FnOnce(&Path) -> anyhow::Result<()> + Send + 'static,
    ) -> Trial {
        let failing = |reason: &str| {
            let missing = anyhow!("{reason}");
            trial(name, || Err(missing))
        };
        match self {
            Self::Here(path) => {
                let path = path.clone();
                trial(name, move || check(&path))
            }
            Self::Skip(reason) => failing(reason).skipped(reason),
            Self::Fail(reason) => failing(reason),
        }
    }

    /// This tool, if the other one is present too. Otherwise the problem of the other
    /// one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self, other) {
            (_, Self::Here(_)) | (Self::Fail(_), _) | (Self::Skip(_), Self::Skip(_)) => self,
            (_, missing) => missing,
        }
    }

    fn find(name: &str, path: &str) -> Self {
        let script = "tools/reference-tools.sh";
        Self::found(look_up(&folder(), name, path, script))
    }

    fn found(found: Result<PathBuf, String>) -> Self {
        match found {
            Ok(path) => Self::Here(path),
            Err(reason) if required() => Self::Fail(reason),
            Err(reason) => Self::Skip(reason),
        }
    }
}

/// `SOLTI_REFERENCE_TOOLS`, or `reference-tools` in the target directory.
fn folder() -> PathBuf {
    match env::var_os("SOLTI_REFERENCE_TOOLS") {
        Some(folder) => workspace().join(folder),
        None => target().join("reference-tools"),
    }
}

fn target() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// An integration test runs in the folder of its package, and users write paths relative
/// to the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn look_up(folder: &Path, name: &str, path: &str, script: &str) -> Result<PathBuf, String> {
    let found = folder.join(path);
    if found.exists() {
        return Ok(found);
    }
    let reason = fs::read_to_string(folder.join(format!("{name}.missing")))
        .unwrap_or_else(|_| format!("get it with {script}"));
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(format!("no {name}: {reason}"))
}

/// Returns whether a test that cannot run fails instead of being skipped: in CI.
#[must_use]
pub fn required() -> bool {
    let is = |name, value| env::var(name).is_ok_and(|found| found == value);
    is("CI", "true") || is("REFERENCE_TOOLS", "required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_reference_tool_has_a_reason_of_one_line() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let missing = || look_up(folder.path(), "sibyl", "bin/sibyl", "a walk");
        assert_eq!(missing(), Err("no sibyl: get it with a walk".to_owned()));
        fs::write(folder.path().join("sibyl.missing"), "left\n for Cumae\n")?;
        assert_eq!(missing(), Err("no sibyl: left for Cumae".to_owned()));
        Ok(())
    }

    #[test]
    fn a_present_reference_tool_is_found() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let sibyl = folder.path().join("sibyl");
        fs::write(&sibyl, "")?;
        assert_eq!(look_up(folder.path(), "sibyl", "sibyl", ""), Ok(sibyl));
        Ok(())
    }
}
