//! `run`: a guest has its grants, and nothing else.

use anyhow::{Result, ensure};

use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::guests;

#[test]
fn arguments_reach_the_guest_after_the_name_of_the_program() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    let end = place.run(&["run", "guest.wasm"])?;
    ensure!(end.code == Some(0) && end.stdout == "guest.wasm\n", "{end}");

    let args = [
        "two words",
        "",
        "--repeat",
        "-",
        "--",
        "\u{fc}ml\u{e4}ut",
        "$HOME *",
    ];
    let end = place.run(&[&["run", "guest.wasm", "--"][..], &args].concat())?;
    let expected = format!("guest.wasm\n{}\n", args.join("\n"));
    ensure!(end.code == Some(0) && end.stdout == expected, "{end}");
    Ok(())
}

/// The guest gets no variable of the command's own environment.
#[test]
fn only_granted_variables_reach_the_guest() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    let options = [
        "--env",
        "A=1",
        "--env",
        "B=",
        "--env",
        "C=x=y z",
        "--env",
        "PATH=mine",
    ];
    let end = place.run(&[&["run"][..], &options, &["guest.wasm"]].concat())?;
    let expected = "guest.wasm\nA=1\nB=\nC=x=y z\nPATH=mine\n";
    ensure!(end.code == Some(0) && end.stdout == expected, "{end}");

    for wrong in ["A", "=1", ""] {
        let end = place.run(&["run", "--env", wrong, "guest.wasm"])?;
        ensure!(
            end.code == Some(2) && end.stdout.is_empty(),
            "{wrong:?}: {end}"
        );
    }
    Ok(())
}

/// Each task reads the input from its beginning.
#[test]
fn standard_input_reaches_every_task() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    // The input is longer than one read of the guest.
    let input: String = (0..2_000).map(|line| format!("line {line}\n")).collect();
    place.write("input", input.as_bytes())?;
    let end = place.run(&["run", "--stdin", "input", "--repeat", "2", "guest.wasm"])?;
    let expected = format!("guest.wasm\n{input}").repeat(2);
    ensure!(end.code == Some(0) && end.stdout == expected, "{end}");
    Ok(())
}

#[test]
fn a_directory_is_read_only_by_default() -> Result<()> {
    let place = TestFolder::with(&guests::maker()?)?;
    for (dir, name, code) in [
        ("in", "a", 1),
        ("in::/guest", "b", 1),
        ("in:rw", "c", 0),
        ("in::/guest:rw", "d", 0),
    ] {
        place.write("in/file", b"")?;
        let end = place.run(&["run", "--dir", dir, "guest.wasm", "--", name])?;
        ensure!(end.code == Some(code), "--dir {dir}: {end}");
        let made = place.path("in").join(name).is_dir();
        ensure!(made == (code == 0), "--dir {dir}: {end}");
    }
    Ok(())
}

#[test]
fn no_directory_and_no_parent_is_granted_by_default() -> Result<()> {
    let place = TestFolder::with(&guests::maker()?)?;
    place.write("in/file", b"")?;
    let ways_out = [
        "../made".to_owned(),
        "/made".to_owned(),
        "link/made".to_owned(),
        place.path("made").display().to_string(),
    ];
    std::os::unix::fs::symlink("..", place.path("in/link"))?;
    let end = place.run(&["run", "guest.wasm", "--", "made"])?;
    ensure!(end.code == Some(1), "{end}");
    for way_out in ways_out {
        let end = place.run(&["run", "--dir", "in:rw", "guest.wasm", "--", &way_out])?;
        ensure!(end.code == Some(1), "{way_out}: {end}");
    }
    ensure!(!place.path("made").exists());
    Ok(())
}

/// The guest can list the directory and read files under the granted name.
#[test]
fn a_read_only_directory_is_read_under_its_other_name() -> Result<()> {
    let place = TestFolder::with_files(&["one"])?;
    let digest = crate::cli::test_folder::digest();
    let end = place.run(&["run", "--dir", "in::/data", &digest, "--", "/data"])?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.stdout.ends_with("  /data/one\n"), "{end}");
    Ok(())
}
