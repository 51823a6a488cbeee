//! Runs the README: its commands and its guest, and checks the paths on it and the other
//! pages. Its Rust for embedders is a documentation test of this package's library.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, cache_home, command, compiler};
use solti_metrics_tests::blocks::{Block, blocks};
use solti_metrics_tests::exposition::families;

const PAGES: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "guest/examples/README.md",
];

/// A block of an unchecked kind would become outdated.
#[test]
fn each_block_has_a_checked_kind() -> Result<()> {
    for block in readme()? {
        let known = match (block.language.as_str(), block.about.as_str()) {
            ("console", "") | ("rust", "") => true,
            ("rs", example) => example.starts_with("guest/examples/"),
            (
                "sh",
                "" | "hello" | "new" | "digest.wasm" | "backends" | "compose" | "conformance"
                | "precompile",
            )
            | ("toml", "hello/Cargo.toml") => true,
            // `tests/tests/command/serve/readme.rs` runs these blocks.
            ("sh", "serve") | ("toml", "serve.toml") => true,
            _ => false,
        };
        ensure!(known, "README: `{} {}`", block.language, block.about);
    }
    Ok(())
}

#[test]
fn named_make_targets_exist() -> Result<()> {
    let makefile = fs::read_to_string(root().join("Makefile"))?;
    let mut found = 0;
    for line in readme()?
        .iter()
        .filter(|block| block.is("sh", ""))
        .flat_map(Block::lines)
    {
        let target = line.strip_prefix("make ").context("only make here")?;
        ensure!(makefile.contains(&format!("\n{target}:")), "{line}");
        found += 1;
    }
    ensure!(found == 2, "the two commands, not {found}");
    Ok(())
}

#[test]
fn the_guest_is_the_example_and_runs_as_shown() -> Result<()> {
    let blocks = readme()?;
    let guest = only(&blocks, "rs", "guest/examples/hello.rs")?;
    let example = fs::read_to_string(root().join("guest/examples/hello.rs"))?;
    ensure!(
        example.ends_with(&guest.text),
        "the README shows another hello.rs"
    );

    let folder = tempfile::tempdir()?;
    symlink(root().canonicalize()?, folder.path().join("solti-metrics"))?;
    let hello = folder.path().join("hello");
    fs::create_dir_all(hello.join("src"))?;
    fs::write(hello.join("src/main.rs"), &guest.text)?;
    let manifest = &only(&blocks, "toml", "hello/Cargo.toml")?.text;
    // An empty workspace, so that a workspace above the temporary folder is not used.
    fs::write(
        hello.join("Cargo.toml"),
        format!("{manifest}\n[workspace]\n"),
    )?;
    symlink(target_folder()?, hello.join("target"))?;
    // The locked versions, which are present already.
    fs::copy(root().join("Cargo.lock"), hello.join("Cargo.lock"))?;

    for line in only(&blocks, "sh", "hello")?.lines() {
        let output = shell(line, &hello)?;
        if line.starts_with("solti-metrics run") {
            ensure!(output.contains("src/main.rs: "), "{line}: {output}");
        }
    }
    Ok(())
}

#[test]
fn the_project_is_started_built_and_run_as_shown() -> Result<()> {
    let blocks = readme()?;
    let mut lines = only(&blocks, "sh", "new")?.lines();
    let folder = tempfile::tempdir()?;
    shell(lines.next().context("no first line")?, folder.path())?;
    // The locked versions, next to their build results of the previous run.
    let project = folder.path().join("my-guest");
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock"))?;
    symlink(target_folder()?, project.join("target"))?;
    let rest: Vec<_> = lines.collect();
    let said = shell(&rest.join("\n"), folder.path())?;
    ensure!(said.contains(" lines\n"), "{said}");
    Ok(())
}

#[test]
fn the_commands_succeed_as_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("digest", WASI), folder.path().join("digest.wasm"))?;
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    for line in only(&readme()?, "sh", "digest.wasm")?.lines() {
        shell(line, folder.path())?;
    }
    Ok(())
}

#[test]
fn the_commands_with_backends_succeed_as_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for name in ["digest", "provider", "jsonl", "sampler"] {
        let place = folder.path().join(name).with_extension("wasm");
        fs::copy(artifact(name, WASI), place)?;
    }
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    fs::create_dir(folder.path().join("out"))?;
    for line in only(&readme()?, "sh", "backends")?.lines() {
        shell(line, folder.path())?;
    }
    let lines = fs::read_to_string(folder.path().join("out/metrics.jsonl"))?;
    ensure!(lines.lines().count() > 20, "{lines}");
    Ok(())
}

#[test]
fn the_composition_runs_as_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for name in ["digest", "sampler", "jsonl"] {
        let place = folder.path().join(name).with_extension("wasm");
        fs::copy(artifact(name, WASI), place)?;
    }
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    fs::create_dir(folder.path().join("out"))?;
    for line in only(&readme()?, "sh", "compose")?.lines() {
        shell(line, folder.path())?;
    }
    let lines = fs::read_to_string(folder.path().join("out/metrics.jsonl"))?;
    let started = |line: &&str| line.contains("task_started");
    let (started, completed): (Vec<_>, Vec<_>) = lines.lines().partition(started);
    let sampled = !completed.is_empty() && completed.len() < started.len();
    ensure!(sampled, "{lines}");
    Ok(())
}

#[test]
fn the_components_conform_as_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for name in ["digest", "provider"] {
        let place = folder.path().join(name).with_extension("wasm");
        fs::copy(artifact(name, WASI), place)?;
    }
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    for line in only(&readme()?, "sh", "conformance")?.lines() {
        let said = shell(line, folder.path())?;
        ensure!(said.contains(" conforms: "), "{line}\n{said}");
    }
    Ok(())
}

#[test]
fn the_precompiled_file_runs_as_shown() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("digest", WASI), folder.path().join("digest.wasm"))?;
    symlink(
        root().join("src").canonicalize()?,
        folder.path().join("src"),
    )?;
    for line in only(&readme()?, "sh", "precompile")?.lines() {
        let said = shell(line, folder.path())?;
        ensure!(!said.contains("warning"), "{line}\n{said}");
    }
    Ok(())
}

/// The figures of the sample depend on the day and the machine. Its headings do not.
#[test]
fn the_shown_table_has_the_real_headings() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("digest", WASI), folder.path().join("digest.wasm"))?;
    let real = words(&shell(
        "solti-metrics run --dir . digest.wasm -- .",
        folder.path(),
    )?);
    let blocks = readme()?;
    let mut found = 0;
    for line in only(&blocks, "console", "")?.lines() {
        if line.contains("outcome") || line.contains("accepted") {
            ensure!(
                real.contains(&words(line)),
                "the table has no line {line:?}"
            );
            found += 1;
        }
    }
    ensure!(found == 2, "two tables, not {found}");
    Ok(())
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_path_on_a_page_exists() -> Result<()> {
    for page in PAGES {
        let text = fs::read_to_string(root().join(page))?;
        let mut found = 0;
        for path in text
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| is_path(word))
        {
            ensure!(root().join(path).exists(), "{page} names `{path}`");
            found += 1;
        }
        ensure!(found > 2, "{page}: found {found} paths");
    }
    Ok(())
}

/// The README's table lists each exported metric, and only exported metrics.
#[test]
fn the_readme_has_exactly_the_exposed_metrics() -> Result<()> {
    let golden = root().join("tests/golden/exposition.prometheus.txt");
    let golden = fs::read_to_string(golden)?;
    let mut exported: Vec<_> = families(&golden)?
        .iter()
        .map(|family| format!("{} | {}", family.name, family.kind))
        .collect();
    let readme = fs::read_to_string(root().join("README.md"))?;
    let mut documented: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with("| `solti_"))
        .map(|line| line.replace('`', ""))
        .map(|line| {
            line.splitn(4, " | ")
                .take(2)
                .collect::<Vec<_>>()
                .join(" | ")
        })
        .map(|line| line.trim_start_matches("| ").to_owned())
        .collect();
    exported.sort();
    documented.sort();
    ensure!(
        documented == exported,
        "README: {documented:#?}\nexported: {exported:#?}"
    );
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> Result<Vec<Block>> {
    blocks(&fs::read_to_string(root().join("README.md"))?)
}

fn only<'a>(blocks: &'a [Block], language: &str, about: &str) -> Result<&'a Block> {
    let mut found = blocks.iter().filter(|block| block.is(language, about));
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(block),
        _ => bail!("README: not one block `{language} {about}`"),
    }
}

/// The target directory of the README's guest, next to the other guests.
fn target_folder() -> Result<PathBuf> {
    let guests = artifact("hello", WASI);
    let folder = guests
        .ancestors()
        .nth(4)
        .context("no folder")?
        .join("readme");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs a line in `folder`, with the command and the guests' compiler.
fn shell(line: &str, folder: &Path) -> Result<String> {
    let bin = command();
    let bin = bin.parent().context("no folder")?;
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-ec", line])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("RUSTC", compiler())
        .env("CARGO_NET_OFFLINE", "true")
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("CARGO_TARGET_DIR")
        .output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    ensure!(output.status.success(), "{line}\n{said}");
    Ok(said)
}

/// Names of files and folders contain a slash, or have an ending of this project.
fn is_path(word: &str) -> bool {
    let file = [".rs", ".md", ".toml", ".wit", ".sh"]
        .iter()
        .any(|end| word.ends_with(end));
    let folder = word.ends_with('/');
    let plain = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    plain && (folder || (file && word.contains('/')) || word.ends_with(".md"))
}
