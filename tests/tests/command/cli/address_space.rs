//! Limits on the address space of the process.

use std::fs;

use anyhow::{Result, ensure};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::endurance::{Then, guest};
use solti_metrics_tests::guests;
use solti_metrics_tests::served::{FILE, HEAD};

use crate::cli::test_folder::TestFolder;

/// Limits in KiB: above the size of the program, and up to a limit that allows guests with
/// a memory.
fn limits() -> impl Iterator<Item = u64> {
    let low = (300_000..1_500_000).step_by(70_000);
    low.chain([2_000_000, 4_300_000, 5_000_000, 20_000_000])
}

/// The command works, or names the limit.
fn names_the_limit(limit: u64, end: &End) -> Result<()> {
    let said = format!("{}{}", end.stdout, end.stderr);
    ensure!(!said.contains("panicked at"), "{limit}: {end}");
    match end.code {
        Some(0) => Ok(()),
        Some(1) => {
            ensure!(said.contains("(RLIMIT_AS, `ulimit -v`)"), "{limit}: {end}");
            Ok(())
        }
        _ => Err(anyhow::anyhow!("{limit}: {end}")),
    }
}

#[test]
fn a_run_with_too_little_address_space_names_the_limit() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("bare.wasm", &guest(7, Then::Succeeds)?)?;
    place.write("echo.wasm", &guests::echo()?)?;
    let mut worked = 0;
    for limit in limits() {
        for guest in ["bare.wasm", "echo.wasm"] {
            let script = format!("ulimit -v {limit} && exec \"$0\" \"$@\"");
            let end = Running::start(&mut place.shell(&script, &["run", guest])?)?.end()?;
            names_the_limit(limit, &end)?;
            worked += u32::from(end.code == Some(0));
        }
    }
    ensure!(worked >= 2, "only {worked} worked");
    Ok(())
}

#[test]
fn a_runner_with_too_little_address_space_names_the_limit() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("bare.wasm", &guest(7, Then::Succeeds)?)?;
    let task = "[tasks.bare]\ncomponent = \"bare.wasm\"\n";
    fs::write(place.path(FILE), format!("{HEAD}{task}"))?;
    let mut worked = 0;
    for limit in limits() {
        let script = format!("ulimit -v {limit} && exec \"$0\" \"$@\"");
        let mut running = Running::start(&mut place.shell(&script, &["serve", FILE])?)?;
        while let Ok(line) = running.next_line() {
            if line.contains("\"ready\"") {
                running.signal("TERM")?;
                worked += 1;
                break;
            }
        }
        names_the_limit(limit, &running.end()?)?;
    }
    ensure!(worked >= 1, "none worked");
    Ok(())
}
