//! The guest and the project of the README are built and run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};

use super::{README, blocks_of, only, root, shell};

#[test]
fn the_guest_is_the_example_and_can_be_built_and_run_as_shown() -> Result<()> {
    let blocks = blocks_of(README)?;
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
    // A workspace of its own, wherever the temporary folder is.
    fs::write(
        hello.join("Cargo.toml"),
        format!("{manifest}\n[workspace]\n"),
    )?;
    symlink(build_cache()?, hello.join("target"))?;
    // The versions that are downloaded already.
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
    let blocks = blocks_of(README)?;
    let mut lines = only(&blocks, "sh", "new")?.lines();
    let folder = tempfile::tempdir()?;
    shell(lines.next().context("no first line")?, folder.path())?;
    // The versions that are downloaded already, and the build of the last test.
    let project = folder.path().join("my-guest");
    fs::copy(root().join("Cargo.lock"), project.join("Cargo.lock"))?;
    symlink(build_cache()?, project.join("target"))?;
    let rest: Vec<_> = lines.collect();
    let printed = shell(&rest.join("\n"), folder.path())?;
    ensure!(printed.contains(" lines\n"), "{printed}");
    Ok(())
}

/// Where cargo puts the builds of these pages, next to the other guests.
fn build_cache() -> Result<PathBuf> {
    let guests = artifact("hello", WASI);
    let folder = guests.ancestors().nth(4).context("no folder")?;
    let folder = folder.join("readme");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
