//! Useless files are not read.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::test_folder::end;

use crate::artifacts::cached_runner::guest;
use crate::artifacts::test_folder::TestFolder;

/// The file is sparse, and takes no disk space.
const LARGE: u64 = 1 << 29;

/// Reading the whole file would need more memory.
const MEMORY_KIB: u64 = 256 << 10;

/// Offset of the code's length in a precompiled file, and end of the header.
const CODE_LENGTH: usize = 80;
const HEADER: usize = 168;

/// Runs the command with a limit on its data segments. A limit on address space would not
/// work, since each engine reserves much of it.
fn bounded(place: &TestFolder, args: &[&str]) -> Result<Command> {
    let script = format!("ulimit -d {MEMORY_KIB}; exec \"$0\" \"$@\"");
    let mut command = place.shell(&script, &[])?;
    command.args(args);
    Ok(command)
}

#[test]
fn a_large_file_with_a_false_header_is_rejected_unread() -> Result<()> {
    let place = TestFolder::new()?;
    let mut file = File::create(place.path("large.pre"))?;
    file.write_all(b"\xabsolti\r\n")?;
    file.set_len(LARGE)?;
    for args in [
        &["check", "large.pre"][..],
        &["conformance", "large.pre"],
        &[
            "precompile",
            "--artifact-key",
            "key",
            "-o",
            "x",
            "large.pre",
        ],
        &["run", "large.pre"],
        &["run", "--backend", "./large.pre", "large.pre"],
    ] {
        let end = end(&mut bounded(&place, args)?)?;
        ensure!(end.code == Some(1), "{args:?}: {end}");
        let refused = "large.pre: is not a valid component: the precompiled file";
        ensure!(end.stderr.contains(refused), "{args:?}: {end}");
    }
    Ok(())
}

/// The component in the file is intact.
#[test]
fn the_code_of_a_file_with_a_forged_header_is_not_read() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    let key = ["--no-cache", "--artifact-key", "key"];
    let precompile = ["precompile", "guest.wasm", "-o", "guest.pre"];
    place.succeeds(&[&precompile[..], &key].concat())?;
    let whole = fs::read(place.path("guest.pre"))?;
    let component = fs::read(place.path("guest.wasm"))?;
    let mut header = whole.get(..HEADER).context("a header")?.to_vec();
    let outside = u64::from_le_bytes(header[CODE_LENGTH + 8..][..8].try_into()?);
    let code = LARGE - HEADER as u64 - outside - component.len() as u64;
    header[CODE_LENGTH..][..8].copy_from_slice(&code.to_le_bytes());
    let mut file = File::create(place.path("forged.pre"))?;
    file.write_all(&header)?;
    file.set_len(LARGE - component.len() as u64)?;
    drop(file);
    let mut file = File::options()
        .append(true)
        .open(place.path("forged.pre"))?;
    file.write_all(&component)?;

    for (command, said) in [
        ("run", "not authentic"),
        ("check", "not authentic"),
        ("conformance", "✓ runs"),
    ] {
        let args = [&[command], &key[..], &["forged.pre"]].concat();
        let end = end(&mut bounded(&place, &args)?)?;
        let told = end.stderr.contains(said) || end.stdout.contains(said);
        ensure!(told, "{command}: {end}");
    }
    // From a pipe, the code is not read either.
    let options = "--no-cache --artifact-key key";
    let script = format!("ulimit -d \"$1\"; cat forged.pre | \"$0\" run {options} /dev/stdin");
    let mut piped = place.shell(&script, &[])?;
    let end = end(piped.arg(MEMORY_KIB.to_string()))?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.stderr.contains("not authentic"), "{end}");
    Ok(())
}

#[test]
fn a_precompiled_file_runs_from_the_standard_input() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    let key = ["--no-cache", "--artifact-key", "key"];
    let precompile = ["precompile", "guest.wasm", "-o", "guest.pre"];
    place.succeeds(&[&precompile[..], &key].concat())?;
    for read in ["cat guest.pre |", "<guest.pre"] {
        let options = "--no-cache --artifact-key key --compile-memory 1MiB";
        let script = format!("{read} \"$0\" run {options} -");
        let end = end(&mut place.shell(&script, &[])?)?;
        ensure!(end.code == Some(0), "{read} {end}");
        ensure!(!end.stderr.contains("warning"), "{read} {end}");
    }
    Ok(())
}
