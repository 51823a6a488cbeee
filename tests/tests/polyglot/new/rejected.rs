//! Arguments that `new` rejects: it gives the reason, and writes nothing.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::tree::tree;

use crate::new::Check;
use crate::new::project::new_in;

pub(crate) const CHECKS: &[Check] = &[
    (
        "a_folder_with_contents_is_unchanged",
        a_folder_with_something_in_it,
    ),
    ("a_file_instead_of_the_folder_is_named", a_file_in_its_place),
    ("a_name_that_a_language_rejects_is_rejected", a_bad_name),
    (
        "an_unknown_language_or_role_is_wrong_use_with_the_choices",
        an_unknown_language_or_role,
    ),
    ("a_full_disk_leaves_no_file", a_full_disk),
    ("a_missing_or_unusable_sdk_is_rejected", a_wrong_sdk),
    (
        "leftovers_of_an_interrupted_new_are_named_or_ignored",
        left_over,
    ),
];

fn a_folder_with_something_in_it() -> Result<()> {
    for something in ["README.md", ".git/config", "notes"] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("mine").join(something);
        fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
        fs::write(&path, "mine")?;
        refused(folder.path(), "c", "mine", "mine is not empty")?;
    }
    Ok(())
}

fn a_file_in_its_place() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("file"), "mine")?;
    refused(
        folder.path(),
        "rust",
        "file",
        "file already exists and is not a folder",
    )?;
    refused(
        folder.path(),
        "rust",
        "file/below",
        "cannot create the folder file/below",
    )
}

fn a_bad_name() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for name in [
        "Guest",
        "my_guest",
        "2guests",
        "my--guest",
        "a.b",
        "gäst",
        "a b",
        "{{name}}",
    ] {
        let why = format!("{name:?} is not a valid project name; use at most");
        refused(folder.path(), "go", name, &why)?;
    }
    refused(folder.path(), "rust", "deps", "a name that cargo reserves")?;
    refused(folder.path(), "js", "/", "has no folder name")
}

fn an_unknown_language_or_role() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (language, role, choices) in [
        (
            "cobol",
            "guest",
            "[possible values: rust, python, js, c, cpp, go, zig]",
        ),
        (
            "rust",
            "host",
            "[possible values: guest, provider, middleware]",
        ),
    ] {
        let output = new_in(folder.path(), language, role, "mine")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(2) && said.contains(choices),
            "{said}"
        );
    }
    ensure!(tree(folder.path())?.is_empty());
    Ok(())
}

fn a_wrong_sdk() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(
        folder.path().join("Cargo.toml"),
        "[package]\nname = \"other\"\n",
    )?;
    for (language, sdk, code, why) in [
        (
            "c",
            ["--sdk-version", "0.1.0"],
            2,
            "only valid with --language rust",
        ),
        (
            "rust",
            ["--sdk-path", "nowhere"],
            1,
            "--sdk-path nowhere: cannot read Cargo.toml there",
        ),
        (
            "rust",
            ["--sdk-path", "."],
            1,
            "--sdk-path .: the folder does not have the package solti-metrics-guest",
        ),
        (
            "rust",
            ["--sdk-version", "latest"],
            1,
            "--sdk-version latest: not a version",
        ),
    ] {
        let output = Command::new(command())
            .args(["new", "--role", "guest", "--language", language])
            .args(sdk)
            .arg("mine")
            .current_dir(&folder)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(code) && said.contains(why),
            "{said}"
        );
        ensure!(!folder.path().join("mine").exists(), "{said}");
    }
    Ok(())
}

fn left_over() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let left = ".solti-metrics-new.x1y2z3";
    // A leftover next to the project.
    fs::create_dir(folder.path().join(left))?;
    ensure!(
        new_in(folder.path(), "c", "guest", "mine")?
            .status
            .success()
    );
    ensure!(tree(&folder.path().join("mine"))?.contains_key("Makefile"));
    // A leftover in an existing folder.
    fs::create_dir_all(folder.path().join("other").join(left))?;
    let why = format!("an interrupted `new` left {left} in it; remove other/{left}");
    refused(folder.path(), "c", "other", &why)?;
    // A folder of the user.
    fs::create_dir(folder.path().join("third"))?;
    fs::write(folder.path().join("third/notes"), "")?;
    refused(
        folder.path(),
        "c",
        "third",
        "third is not empty: it contains notes",
    )
}

/// The limit on the size of files is a few kilobytes. The first files fit, and later ones
/// do not.
fn a_full_disk() -> Result<()> {
    for there in [false, true] {
        let folder = tempfile::tempdir()?;
        let mine = folder.path().join("mine");
        if there {
            fs::create_dir(&mine)?;
        }
        let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" new --language c --role guest mine";
        let output = Command::new("sh")
            .args(["-c", script])
            .arg(command())
            .current_dir(&folder)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let why = "error: cannot write the project into mine: ";
        ensure!(
            output.status.code() == Some(1) && said.starts_with(why),
            "{output:?}"
        );
        ensure!(mine.exists() == there, "the folder");
        ensure!(
            !there || fs::read_dir(&mine)?.next().is_none(),
            "something is left"
        );
    }
    Ok(())
}

fn refused(folder: &std::path::Path, language: &str, dir: &str, why: &str) -> Result<()> {
    let before = tree(folder)?;
    let output = new_in(folder, language, "guest", dir)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(1) && output.stdout.is_empty(),
        "{dir}: {output:?}"
    );
    ensure!(
        said.starts_with("error: ") && said.contains(why),
        "{dir}: {said}"
    );
    ensure!(tree(folder)? == before, "{dir}: something has changed");
    Ok(())
}
