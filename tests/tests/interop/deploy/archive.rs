//! The files of a release: equal for equal sources, and described by a bill of materials.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact, command};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::Trial;

use crate::deploy::root;

pub(crate) fn trials() -> Vec<Trial> {
    let dpkg = ReferenceTool::on_path("dpkg-deb");
    vec![
        dpkg.trial("a_release_is_the_same_in_two_folders", |_| same()),
        dpkg.trial("the_bill_of_materials_describes_the_command", |_| bill()),
    ]
}

fn same() -> Result<()> {
    let (one, other) = (
        Release::make("UTC", "022")?,
        Release::make("Asia/Tokyo", "077")?,
    );
    let sums = one.sums()?;
    ensure!(sums.lines().count() == 3, "{sums}");
    let others = other.sums()?;
    ensure!(sums == others, "{sums}differs from\n{others}");
    Ok(())
}

fn bill() -> Result<()> {
    let release = Release::make("UTC", "022")?;
    let bill: Value = serde_json::from_slice(&fs::read(release.file(".cdx.json")?)?)?;
    ensure!(bill["bomFormat"] == "CycloneDX" && bill["specVersion"] == "1.6");

    let components = bill["components"].as_array().context("no components")?;
    let mut known = BTreeSet::from([text(&bill["metadata"]["component"]["bom-ref"])?]);
    for component in components {
        let purl = text(&component["purl"])?;
        ensure!(purl.starts_with("pkg:cargo/"), "{component}");
        text(&component["licenses"][0]["expression"])?;
        // The crates of this workspace have no archive in a registry.
        let ours = purl.starts_with("pkg:cargo/solti-metrics");
        let sum = component["hashes"][0]["content"].as_str();
        ensure!(
            ours || sum.is_some_and(|sum| sum.len() == 64),
            "{component}"
        );
        ensure!(known.insert(purl), "{component} is listed twice");
    }
    let names: BTreeSet<_> = components.iter().map(|it| it["name"].as_str()).collect();
    for name in ["wasmtime", "hyper", "rustls", "solti-metrics-host"] {
        ensure!(names.contains(&Some(name)), "no {name}");
    }
    // The command contains neither macros nor the crates of the tests.
    for name in ["syn", "serde_derive", "proptest", "solti-metrics-tests"] {
        ensure!(!names.contains(&Some(name)), "{name} is not linked");
    }
    let dependencies = bill["dependencies"].as_array().context("no graph")?;
    ensure!(
        dependencies.len() == known.len(),
        "the graph has other crates"
    );
    for dependency in dependencies {
        let on = dependency["dependsOn"].as_array().context("no list")?;
        for reference in on.iter().chain([&dependency["ref"]]) {
            ensure!(known.contains(text(reference)?), "{reference} is unknown");
        }
    }

    let unpacked = Command::new("tar")
        .args(["-xzO", "--wildcards", "*/bin/solti-metrics", "-f"])
        .arg(release.file(".tar.gz")?)
        .output()?;
    ensure!(unpacked.status.success(), "{unpacked:?}");
    let program = release.out().join("program");
    fs::write(&program, unpacked.stdout)?;
    let sum = Command::new("sha256sum").arg(&program).output()?;
    let sum = String::from_utf8(sum.stdout)?;
    let said = text(&bill["metadata"]["component"]["hashes"][0]["content"])?;
    ensure!(sum.starts_with(said), "{said}: {sum}");
    Ok(())
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("no text: {value}"))
}

/// The files that `make dist` makes.
struct Release(tempfile::TempDir);

impl Release {
    /// Makes the files of a small script, which runs the command under test. The build of the
    /// tests is much larger than a release, and packing it takes minutes.
    fn make(zone: &str, umask: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let release = Self(folder);
        fs::create_dir(release.out())?;
        let script = release.0.path().join("solti-metrics");
        let run =
            "#!/bin/sh\n# The package needs GLIBC_2.17.\nexec \"$SOLTI_TEST_COMMAND\" \"$@\"\n";
        fs::write(&script, run)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        let components = artifact("digest", WASI);
        let output = Command::new("sh")
            .args(["-c", "umask \"$0\"; exec \"$@\"", umask])
            .arg(root().join("tools/dist.sh"))
            .arg(&script)
            .arg(components.parent().context("no folder")?)
            .arg(release.out())
            .env("SOLTI_TEST_COMMAND", command())
            .env("SOURCE_DATE_EPOCH", "1750000000")
            .env("CARGO_NET_OFFLINE", "true")
            .env("TZ", zone)
            .env("TMPDIR", release.0.path())
            .output()?;
        ensure!(output.status.success(), "{output:?}");
        Ok(release)
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn sums(&self) -> Result<String> {
        Ok(fs::read_to_string(self.out().join("SHA256SUMS"))?)
    }

    /// The file whose name ends like this.
    fn file(&self, end: &str) -> Result<PathBuf> {
        let mut found = fs::read_dir(self.out())?.filter_map(|entry| Some(entry.ok()?.path()));
        let ends = |path: &Path| path.to_string_lossy().ends_with(end);
        found
            .find(|path| ends(path))
            .with_context(|| end.to_owned())
    }
}
