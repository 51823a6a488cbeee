//! All commands, asked to stop: each ends at once, at each point where it waits.

use std::time::Instant;
use std::{fs, thread};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::child::{GUARD, Running};
use solti_metrics_tests::guests;

use crate::cli::backends::{example, provider};
use crate::cli::test_folder::TestFolder;

/// The command with an open standard input that has no data.
fn waiting(place: &TestFolder, args: &[&str]) -> Result<Running> {
    let script = r#"mkfifo pipe; exec 9<>pipe && rm pipe && exec "$0" "$@" <&9"#;
    Running::start(&mut place.shell(script, args)?)
}

/// Waits until a process handles its signals, and only waits. An earlier signal would end
/// it without the handlers under test.
fn until_it_waits(running: &Running) -> Result<()> {
    let status = format!("/proc/{}/status", running.id);
    let begun = Instant::now();
    while begun.elapsed() < GUARD {
        let status = fs::read_to_string(&status).context("the command has ended")?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let caught = u64::from_str_radix(&field("SigCgt:"), 16)?;
        // The process handles SIGTERM, and sleeps.
        if caught >> 14 & 1 == 1 && field("State:").starts_with('S') {
            return Ok(());
        }
        thread::yield_now();
    }
    bail!("the command does not wait")
}

/// Checks that the process ends as by a signal. A shell that runs several commands checks
/// this.
fn ends_by(running: Running, signal: &str) -> Result<()> {
    until_it_waits(&running)?;
    running.signal(signal)?;
    let end = running.end()?;
    ensure!(end.code.is_none(), "{signal}: {end}");
    Ok(())
}

#[test]
fn a_command_that_waits_for_a_pipe_ends_at_a_signal() -> Result<()> {
    let place = TestFolder::with(&guests::looper()?)?;
    place.write("serve.toml", b"[tasks.t]\ncomponent = \"/dev/stdin\"\n")?;
    let provider = example("provider");
    for args in [
        &["check", "-"][..],
        &["conformance", "-"],
        &["compose", "/dev/stdin", &provider, "-o", "out.wasm"],
        &["compose", "guest.wasm", "-", "-o", "out.wasm"],
        &[
            "precompile",
            "--no-cache",
            "--artifact-key",
            "key",
            "-",
            "-o",
            "out",
        ],
        &["run", "--backend", "/dev/stdin", "guest.wasm"],
        &["run", "--middleware", "-", "guest.wasm"],
        &["serve", "--check", "serve.toml"],
        &["serve", "/dev/stdin"],
    ] {
        ends_by(waiting(&place, args)?, "TERM")?;
    }
    for signal in ["INT", "HUP"] {
        ends_by(waiting(&place, &["check", "-"])?, signal)?;
    }
    Ok(())
}

#[test]
fn an_ignored_hangup_does_not_end_a_command() -> Result<()> {
    let place = TestFolder::new()?;
    let script = r#"trap '' HUP; mkfifo pipe; exec 9<>pipe && exec "$0" check - <&9"#;
    let running = Running::start(&mut place.shell(script, &[])?)?;
    until_it_waits(&running)?;
    running.signal("HUP")?;
    ends_by(running, "TERM")
}

#[test]
fn a_command_with_unread_output_ends_at_a_signal() -> Result<()> {
    let place = TestFolder::with(&guests::looper()?)?;
    for args in [
        &["serve", "--schema"][..],
        &["run", "--help"],
        &["check", "--format", "json", "guest.wasm"],
    ] {
        let (running, unread) = Running::start_full(&mut place.command(args)?)?;
        ends_by(running, "TERM")?;
        drop(unread);
    }
    // A command that writes errors ends, too.
    let (running, unread) = Running::start_unheard(&mut place.command(&["check", "missing"])?)?;
    ends_by(running, "TERM")?;
    drop(unread);
    Ok(())
}

#[test]
fn a_conformance_test_ends_at_a_signal() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("endless.wasm", &provider("(loop br 0)")?)?;
    let args = ["conformance", "--timeout", "1h", "endless.wasm"];
    let mut running = Running::start(&mut place.command(&args)?)?;
    running.line("endless.wasm")?;
    ends_by(running, "TERM")
}
