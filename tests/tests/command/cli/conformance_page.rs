//! `docs/reference/conformance.md`: its commands run, and its list of checks is complete.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact, program};
use solti_metrics_tests::blocks::{Block, blocks};

use crate::cli::conformance_report::{checks, report};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::{End, Running};

#[test]
fn the_page_has_exactly_the_existing_checks() -> Result<()> {
    let mut found = BTreeSet::new();
    for name in ["provider", "middleware", "digest"] {
        let file = artifact(name, WASI).display().to_string();
        let (_, report) = report(&TestFolder::new()?, &file, &["--records", "10"])?;
        for check in checks(&report)? {
            found.insert(check["name"].as_str().context("no name")?.to_owned());
        }
    }
    let page = page()?;
    let sections = page.split("\n## ").filter(|it| it.starts_with("Checks of"));
    let rows = sections.flat_map(str::lines);
    let names = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    let told: BTreeSet<_> = names.map(str::to_owned).collect();
    ensure!(told == found, "on the page {told:?}, there are {found:?}");
    Ok(())
}

#[test]
fn the_page_has_exactly_the_options_of_the_command() -> Result<()> {
    let help = TestFolder::new()?.run(&["conformance", "--help"])?.stdout;
    let options = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let options = words.filter(|word| word.len() > 3 && word.starts_with("--"));
        options.map(str::to_owned).collect()
    };
    let (own, _) = help.split_once("Compilation:").context("no heading")?;
    let mut own = options(own);
    own.remove("--help");
    let told = options(&page()?);
    let missing: Vec<_> = own.difference(&told).collect();
    ensure!(missing.is_empty(), "the page does not tell of {missing:?}");
    Ok(())
}

#[test]
fn every_block_of_the_page_is_run() -> Result<()> {
    let place = TestFolder::new()?;
    for name in ["provider", "digest"] {
        fs::copy(artifact(name, WASI), place.path(&format!("{name}.wasm")))?;
    }
    symlink(root().join("src").canonicalize()?, place.path("src"))?;
    let mut shown = None;
    for block in blocks(&page()?)? {
        match (&*block.language, &*block.about) {
            ("json", file) => place.write(file, block.text.as_bytes())?,
            ("console", "provider") => shown = Some(block),
            ("rust", "test") => is_of_the_crate(&block)?,
            ("sh", _) => {
                for line in block.lines() {
                    let end = run(&place, line)?;
                    if block.about == "provider" {
                        // The real output is compared with the page below.
                        place.write("provider.txt", end.stdout.as_bytes())?;
                    }
                }
            }
            other => anyhow::bail!("no test runs {other:?}"),
        }
    }
    let real = fs::read_to_string(place.path("provider.txt"))?;
    is_like(&shown.context("nothing is shown")?, &real)?;
    let junit = fs::read_to_string(place.path("provider.xml"))?;
    ensure!(junit.contains("<testsuite name=\"provider\""), "{junit}");
    let json: Value = serde_json::from_str(&fs::read_to_string(place.path("digest.json"))?)?;
    ensure!(json["conforms"] == true, "{json}");
    Ok(())
}

/// The page of the crate has the same test, and compiles it.
fn is_of_the_crate(block: &Block) -> Result<()> {
    let source = fs::read_to_string(root().join("host/conformance/src/lib.rs"))?;
    let lines: Vec<_> = block.lines().map(|line| format!("//! {line}")).collect();
    ensure!(source.contains(&lines.join("\n")), "{block:?}");
    Ok(())
}

/// Figures depend on the day and the machine. The other words must match.
fn is_like(shown: &Block, real: &str) -> Result<()> {
    let words = |line: &str| {
        let words = line.split_whitespace();
        let words = words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
        let words = words.filter(|word| !["ns", "µs"].contains(word));
        words.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    for (shown, real) in shown.lines().zip(real.lines()) {
        // On a busy machine, the budget ends before a million records.
        if !real.contains("within --budget") {
            ensure!(
                words(shown) == words(real),
                "shown {shown:?}, and is {real:?}"
            );
        }
    }
    ensure!(shown.lines().count() == real.lines().count(), "{real}");
    Ok(())
}

fn run(place: &TestFolder, line: &str) -> Result<End> {
    let program = program()?;
    let folder = program.parent().context("no folder")?.display();
    let script = format!("PATH=\"{folder}:$PATH\"\n{line}");
    let end = Running::start(&mut place.shell(&script, &[])?)?.end()?;
    ensure!(end.code == Some(0), "{line}\n{end}");
    Ok(end)
}

fn page() -> Result<String> {
    let path = root().join("docs/reference/conformance.md");
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
