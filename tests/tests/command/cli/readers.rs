//! `run`: readers that leave, or never read.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::cli::report::{report, rows};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::Running;
use solti_metrics_tests::guests;

/// More than ten million bytes. A pipe takes a small part of them.
const MANY: u32 = 2_500;

/// Much longer than the run needs without a deadline.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_reader_that_closes_early_is_not_an_error() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "", 0)?)?;
    let script = r#"{ "$0" "$@"; echo "code $?" >&2; } | head -c 1"#;
    for format in ["json", "prometheus"] {
        let args = ["run", "--format", format, "--repeat", "3", "guest.wasm"];
        let end = Running::start(&mut place.shell(script, &args)?)?.end()?;
        ensure!(end.stdout.len() == 1, "{end}");
        ensure!(end.stderr == "code 0\n", "{end}");
    }
    Ok(())
}

/// Unlike `head`, this reader leaves before the report. `head` may wait until all is
/// written.
#[test]
fn a_reader_that_closes_before_the_report_is_not_an_error() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    for format in ["json", "prometheus"] {
        let args = ["run", "--format", format, "--dir", ".:rw", "guest.wasm"];
        let mut running = Running::start_unread(&mut place.command(&args)?)?;
        drop(running.unread()?);
        running.line("waiting")?;
        std::fs::create_dir(place.path("go"))?;
        let end = running.end()?;
        ensure!(end.code == Some(0) && end.stderr == "waiting\n", "{end}");
    }
    Ok(())
}

#[test]
fn closed_streams_do_not_matter() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "told\n", 0)?)?;
    for (close, args) in [
        (">&-", &["run", "--format", "json", "guest.wasm"][..]),
        (">&-", &["run", "guest.wasm"]),
        (">&-", &["check", "guest.wasm"]),
        (">&-", &["wit"]),
        ("2>&-", &["run", "guest.wasm"]),
        ("<&- >&- 2>&-", &["run", "--repeat", "5", "guest.wasm"]),
    ] {
        let script = format!(r#"exec "$0" "$@" {close}"#);
        let end = Running::start(&mut place.shell(&script, args)?)?.end()?;
        ensure!(end.code == Some(0), "{close} {args:?}: {end}");
        ensure!(!end.stderr.contains("panicked at"), "{end}");
    }
    Ok(())
}

#[test]
fn answers_to_a_closed_output_are_not_an_error() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "", 0)?)?;
    for args in [
        &["check", "guest.wasm"][..],
        &["check", "--format", "json", "guest.wasm"],
        &["wit"],
    ] {
        let mut running = Running::start_unread(&mut place.command(args)?)?;
        drop(running.unread()?);
        let end = running.end()?;
        ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    }
    Ok(())
}

#[test]
fn a_guest_that_prints_to_a_closed_output_gets_an_error_and_is_reported() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stdout", MANY)?)?;
    let mut running = Running::start_unread(&mut place.command(&["run", "guest.wasm"])?)?;
    let mut stdout = running.unread()?;
    // The guest is in the middle of its output.
    stdout.read_exact(&mut [0; 1 << 17])?;
    drop(stdout);
    let end = running.end()?;
    ensure!(end.code == Some(1), "{end}");
    ensure!(rows(&end.stderr, &["wasm", "failure", "1"]) == 1, "{end}");
    ensure!(!end.stderr.contains("panicked at"), "{end}");
    Ok(())
}

#[test]
fn a_guest_with_unread_output_ends_by_its_deadline() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stdout", MANY)?)?;
    let args = ["run", "--timeout", "500ms", "guest.wasm"];
    let mut running = Running::start_unread(&mut place.command(&args)?)?;
    // Holds the output unread until the end.
    let unread = running.unread()?;
    let end = running.end()?;
    drop(unread);
    ensure!(end.code == Some(1), "{end}");
    ensure!(end.stderr.contains("deadline of 500ms"), "{end}");
    ensure!(rows(&end.stderr, &["wasm", "timeout", "1"]) == 1, "{end}");
    ensure!(
        rows(&end.stderr, &["runner", "2", "2", "0", "0", "0"]) == 1,
        "{end}"
    );
    ensure!(end.took >= Duration::from_millis(500), "{end}");
    ensure!(end.took < Duration::from_secs(5), "{end}");
    Ok(())
}

/// Concurrent and later runs end by their deadline, too.
#[test]
fn all_guests_with_unread_output_end_by_their_deadline() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stdout", MANY)?)?;
    let args = [
        "run",
        "--timeout",
        "500ms",
        "--repeat",
        "4",
        "--concurrency",
        "2",
        "guest.wasm",
    ];
    let mut running = Running::start_unread(&mut place.command(&args)?)?;
    let unread = running.unread()?;
    let end = running.end()?;
    drop(unread);
    ensure!(rows(&end.stderr, &["wasm", "timeout", "4"]) == 1, "{end}");
    ensure!(end.took < Duration::from_secs(10), "{end}");
    Ok(())
}

#[test]
fn a_request_to_terminate_works_with_unread_output() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stdout", MANY)?)?;
    let args = ["run", "--timeout", "1h", "guest.wasm"];
    let mut running = Running::start_unread(&mut place.command(&args)?)?.within(SOON);
    let mut unread = running.unread()?;
    unread.read_exact(&mut [0; 1 << 17])?;
    running.signal("TERM")?;
    let end = running.end()?;
    drop(unread);
    ensure!(end.code == Some(1), "{end}");
    ensure!(rows(&end.stderr, &["wasm", "canceled", "1"]) == 1, "{end}");
    Ok(())
}

/// Only the report is checked. The messages on standard error may be lost.
#[test]
fn the_report_is_written_with_unread_errors() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stderr", MANY)?)?;
    let args = [
        "run",
        "--timeout",
        "500ms",
        "--format",
        "json",
        "guest.wasm",
    ];
    let (running, unread) = Running::start_unheard(&mut place.command(&args)?)?;
    let end = running.within(SOON).end()?;
    drop(unread);
    ensure!(end.code == Some(1), "{end}");
    ensure!(report(&end)?["tasks"][0]["outcome"] == "timeout", "{end}");
    Ok(())
}

#[test]
fn a_request_to_terminate_works_with_unread_errors() -> Result<()> {
    let place = TestFolder::with(&guests::looper()?)?;
    let (running, unread) = Running::start_unheard(&mut place.command(&["run", "guest.wasm"])?)?;
    let mut running = running.within(SOON);
    running.line("round")?;
    running.signal("TERM")?;
    let end = running.end()?;
    drop(unread);
    ensure!(end.code == Some(1), "{end}");
    Ok(())
}

/// Repeats the run, since a message would not be lost every time.
#[test]
fn no_message_is_lost_when_the_command_ends_early() -> Result<()> {
    let place = TestFolder::new()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    for _ in 0..25 {
        for (args, said) in [
            (&["run", "--listen", &address, "missing"][..], &address[..]),
            (
                &[
                    "run",
                    "--backend",
                    "noop",
                    "--format",
                    "prometheus",
                    "missing",
                ],
                "--backend noop",
            ),
            (&["run", "--format", "json", "missing"], "error: missing: "),
            (&["run", "missing"], "records of"),
            (&["check", "missing"], "error: missing: "),
        ] {
            let end = place.run(args)?;
            ensure!(end.stderr.contains(said), "{args:?}: {end}");
        }
    }
    Ok(())
}

/// A slow reader gets all output in the end.
#[test]
fn a_slow_reader_loses_no_output() -> Result<()> {
    let place = TestFolder::with(&guests::printer("stdout", MANY)?)?;
    let mut running = Running::start_unread(&mut place.command(&["run", "guest.wasm"])?)?;
    let mut stdout = running.unread()?;
    let mut length = 0;
    let mut buffer = [0; 4096];
    loop {
        match stdout.read(&mut buffer).context("reading")? {
            0 => break,
            read => length += read,
        }
    }
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(length == MANY as usize * 4096, "{length}");
    Ok(())
}
