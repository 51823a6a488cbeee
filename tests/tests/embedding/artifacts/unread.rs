//! Files of which nothing is read that is of no use.

use std::fs::{self, File};
use std::io::Write;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::place::end;

use crate::artifacts::kept::guest;
use crate::artifacts::place::Place;

/// Sparse, so that it takes no room on a disk.
const LARGE: u64 = 1 << 29;

/// Whoever reads all of the file needs more.
const MEMORY_KIB: u64 = 256 << 10;

/// Of a precompiled file: where the length of its code is, and where its header ends.
const CODE_LENGTH: usize = 80;
const HEADER: usize = 168;

/// Runs the command with a limit on its memory, as far as it is counted against data
/// segments: address space is reserved by every engine.
fn bounded(place: &Place, args: &[&str]) -> Result<Command> {
    let script = format!("ulimit -d {MEMORY_KIB}; exec \"$0\" \"$@\"");
    let mut command = place.shell(&script, &[])?;
    command.args(args);
    Ok(command)
}

#[test]
fn a_large_file_that_only_claims_to_be_precompiled_is_refused_unread() -> Result<()> {
    let place = Place::new()?;
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

/// Its component is as good as ever.
#[test]
fn the_code_of_a_file_with_a_forged_header_is_not_read() -> Result<()> {
    let place = Place::with(&guest(7)?)?;
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
    // Nor is it when it comes through a pipe.
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
    let place = Place::with(&guest(7)?)?;
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
