//! `wit`: its output is the package in `wit/`, complete or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::tree::tree;
use wit_parser::Resolve;

use crate::cli::test_folder::TestFolder;

#[test]
fn the_package_is_written_byte_for_byte() -> Result<()> {
    let place = TestFolder::new()?;
    let end = place.run(&["wit", "new/folders"])?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    ensure!(
        end.stdout == "solti:metrics@0.1.0 is in new/folders\n",
        "{end}"
    );
    let (written, ours) = (tree(&place.path("new/folders"))?, ours()?);
    for (name, bytes) in &ours {
        let found = written.get(name);
        ensure!(
            found.is_some(),
            "`wit` does not write {name}: list it in host/cli/src/wit.rs"
        );
        ensure!(
            found == Some(bytes),
            "{name} differs; build the command again"
        );
    }
    ensure!(
        written == ours,
        "more than is in wit/: {:?}",
        written.keys()
    );
    Ok(())
}

#[test]
fn the_default_folder_is_the_one_of_wit_dependencies() -> Result<()> {
    let place = TestFolder::new()?;
    let end = place.run(&["wit"])?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(tree(&place.path("wit/deps/solti-metrics"))? == ours()?);
    Ok(())
}

#[test]
fn worlds_can_include_the_written_package() -> Result<()> {
    let place = TestFolder::new()?;
    let end = place.run(&["wit", "wit/deps/solti-metrics"])?;
    ensure!(end.code == Some(0), "{end}");
    let mut alone = Resolve::default();
    let (package, _) = alone.push_dir(place.path("wit/deps/solti-metrics"))?;
    ensure!(alone.packages[package].name.to_string() == "solti:metrics@0.1.0");

    let world = "package acme:guest; world guest { include solti:metrics/imports@0.1.0; }";
    place.write("wit/world.wit", world.as_bytes())?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(place.path("wit"))?;
    let world = resolve.select_world(&[package], Some("guest"))?;
    let imports: Vec<_> = resolve.worlds[world]
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    let backend = "solti:metrics/backend@0.1.0".to_owned();
    ensure!(imports.contains(&backend), "{imports:?}");
    Ok(())
}

#[test]
fn a_second_write_changes_nothing() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("wit/notes.txt", b"mine")?;
    for _ in 0..2 {
        let end = place.run(&["wit", "wit"])?;
        ensure!(end.code == Some(0), "{end}");
        let mut written = tree(&place.path("wit"))?;
        ensure!(written.remove("notes.txt") == Some(b"mine".to_vec()));
        ensure!(written == ours()?, "{:?}", written.keys());
    }
    Ok(())
}

#[test]
fn a_missing_file_is_added_to_the_others() -> Result<()> {
    let place = TestFolder::new()?;
    ensure!(place.run(&["wit", "wit"])?.code == Some(0));
    fs::remove_file(place.path("wit/types.wit"))?;
    ensure!(place.run(&["wit", "wit"])?.code == Some(0));
    ensure!(tree(&place.path("wit"))? == ours()?);
    Ok(())
}

/// Tests each file, with and without the other files.
#[test]
fn a_different_file_is_named_and_no_file_changes() -> Result<()> {
    for name in ours()?.keys() {
        for others in [true, false] {
            let place = TestFolder::new()?;
            if others {
                ensure!(place.run(&["wit", "wit"])?.code == Some(0));
            }
            place.write(&format!("wit/{name}"), b"package acme:own;")?;
            let before = tree(&place.path("wit"))?;
            let end = place.run(&["wit", "wit"])?;
            ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
            ensure!(
                end.stderr.contains(&format!("wit/{name} already exists")),
                "{end}"
            );
            ensure!(
                tree(&place.path("wit"))? == before,
                "{name}: something changed"
            );
        }
    }
    Ok(())
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_others_unwritten() -> Result<()> {
    for name in ours()?.keys() {
        let place = TestFolder::new()?;
        // A folder with the file's name.
        place.write(&format!("wit/{name}/keep"), b"")?;
        let before = tree(&place.path("wit"))?;
        let end = place.run(&["wit", "wit"])?;
        ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
        ensure!(end.stderr.contains(&format!("wit/{name}")), "{end}");
        let after = tree(&place.path("wit"))?;
        ensure!(after == before, "{name}: {:?} were written", after.keys());
    }
    Ok(())
}

#[test]
fn a_folder_that_is_a_file_is_named() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("file", b"mine")?;
    for dir in ["file", "file/below"] {
        let end = place.run(&["wit", dir])?;
        ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
        let error = format!("error: cannot create the folder {dir}: ");
        ensure!(end.stderr.starts_with(&error), "{end}");
    }
    ensure!(fs::read(place.path("file"))? == b"mine");
    Ok(())
}

/// All files in the repository's `wit/`, at any depth.
fn ours() -> Result<BTreeMap<String, Vec<u8>>> {
    let ours = tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit"))?;
    ensure!(!ours.is_empty());
    Ok(ours)
}
