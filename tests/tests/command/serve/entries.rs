//! The entries of the log, for all output of guests and all readers.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guests;
use solti_metrics_tests::served::{FILE, HEAD, Served, serve};

use crate::serve::test_folder::{TestFolder, until, until_backend};

/// Text that would forge an entry, or clear a screen, without escapes.
const FORGED: &str = "x\n{\"message\":\"run ended\",\"task\":\"other\"}\r\n\u{1b}[2J2026-11-27T00:00:00Z ERROR forged\u{202e}\u{2028}y";

const TICKS: &str = "[tasks.teller]\ncomponent = \"teller.wasm\"\nrepeat = 3\n";

#[test]
fn each_end_of_a_run_is_an_entry_that_guests_cannot_forge() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", FORGED, 0)?)])?;
    let served = place.serve(TICKS)?;
    until(&served, "teller", |task| task["state"] == "done")?;
    let end = served.stop()?;
    ensure!(
        !end.stderr
            .contains(['\u{1b}', '\r', '\u{202e}', '\u{2028}']),
        "{end}"
    );
    let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
    let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
    let ended = entries
        .iter()
        .filter(|entry| entry["message"] == "run ended");
    let mut runs = BTreeSet::new();
    for entry in ended {
        ensure!(
            entry["task"] == "teller" && entry["outcome"] == "success",
            "{entry}"
        );
        ensure!(entry["duration_ms"].as_f64() > Some(0.0), "{entry}");
        ensure!(
            runs.insert(entry["run"].as_u64().context("a number")?),
            "{entry}"
        );
    }
    ensure!(runs == BTreeSet::from([1, 2, 3]), "{end}");
    let printed = entries
        .iter()
        .filter(|entry| entry["target"] == "guest")
        .count();
    // Three lines of three runs.
    ensure!(printed == 9, "{end}");
    ensure!(
        entries.iter().any(|entry| entry["message"] == "printed"
            && entry["line"] == "{\"message\":\"run ended\",\"task\":\"other\"}"),
        "{end}"
    );
    Ok(())
}

#[test]
fn guests_cannot_forge_a_field_of_a_text_log() -> Result<()> {
    let forged = "run ended task=\"payroll\" outcome=\"success\" \\";
    let place = TestFolder::with(&[
        (
            "teller.wasm",
            guests::teller("stderr", &format!("{forged}\n"), 0)?,
        ),
        (
            "telling.wasm",
            guests::telling_provider("stdout", &format!("{forged}\n"))?,
        ),
    ])?;
    let mut running = place.plain(&format!(
        "[log]\nformat = \"text\"\n{TICKS}[backends.telling]\ncomponent = \"telling.wasm\"\ngrants = [\"output\"]\n"
    ))?;
    for _ in 0..3 {
        while !running.next_line()?.contains("run ended task=\"teller\"") {}
    }
    running.signal("TERM")?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    for source in [
        "guest: printed task=\"teller\"",
        "component: printed component=\"telling\"",
    ] {
        let mut lines = end.stderr.lines().filter(|line| line.contains(source));
        let line = lines.next().context("no entry")?;
        ensure!(line.ends_with(&format!(" line={forged:?}")), "{line}");
    }
    ensure!(!end.stderr.contains("task=\"payroll\""), "{end}");
    Ok(())
}

/// How a runner ends that was ready, with this in `RUST_LOG`.
fn ended_with(variable: &str) -> Result<End> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 0)?)])?;
    place.write(FILE, format!("{HEAD}{TICKS}").as_bytes())?;
    let mut command = serve(&place.path("."), &[FILE]);
    let mut running = Running::start(command.env("RUST_LOG", variable))?;
    while !running.next_line()?.contains("\"message\":\"ready\"") {}
    running.signal("TERM")?;
    running.end()
}

#[test]
fn a_variable_for_other_targets_does_not_silence_the_log() -> Result<()> {
    for value in ["info=", "foo=debug", "[x]=info"] {
        let end = ended_with(value)?;
        ensure!(end.code == Some(0), "{value}: {end}");
    }
    Ok(())
}

#[test]
fn guests_cannot_start_a_line_of_a_text_log() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stderr", FORGED, 0)?)])?;
    let config = format!("[log]\nformat = \"text\"\n{TICKS}");
    let mut running = place.plain(&config)?;
    for _ in 0..3 {
        while !running.next_line()?.contains("run ended task=") {}
    }
    running.signal("TERM")?;
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        !end.stderr
            .contains(['\u{1b}', '\r', '\u{202e}', '\u{2028}']),
        "{end}"
    );
    for line in end.stderr.lines() {
        ensure!(
            line.starts_with("20") && !line.contains("Z ERROR forged\n"),
            "{line}"
        );
        if line.contains("forged") {
            ensure!(line.contains("INFO guest: "), "{line}");
        }
    }
    Ok(())
}

#[test]
fn an_unwritable_log_blocks_no_task_and_is_counted() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "line\n", 0)?)])?;
    let config = "[tasks.teller]\ncomponent = \"teller.wasm\"\nschedule = \"interval\"\ninterval = \"5ms\"\n";
    let served = place.unheard(r#"exec "$@" 2>/dev/full"#, config)?;
    let lost = "solti_metrics_log_entries_lost_total";
    served.until_at_least(lost, 20.0)?;
    until(&served, "teller", |task| {
        task["runs"]["success"].as_u64() >= Some(20)
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    Ok(())
}

/// Parses the log. Each line is an entry of the runner.
fn entries(log: &str) -> Result<Vec<Value>> {
    let entry = |line| {
        let entry: Value = serde_json::from_str(line).with_context(|| format!("{line:?}"))?;
        let own = ["timestamp", "level", "message", "target"];
        ensure!(own.iter().all(|key| entry[key].is_string()), "{line}");
        Ok(entry)
    };
    log.lines().map(entry).collect()
}

#[test]
fn the_output_of_a_backend_is_an_entry_with_its_name() -> Result<()> {
    let telling = guests::telling_provider("stderr", &format!("{FORGED}\n"))?;
    let place = TestFolder::with(&[
        ("teller.wasm", guests::teller("stdout", "", 0)?),
        ("telling.wasm", telling),
    ])?;
    let served = place.serve(&format!(
        "{TICKS}[backends.telling]\ncomponent = \"telling.wasm\"\ngrants = [\"output\"]\n"
    ))?;
    until_backend(&served, "telling", |it| it["ledger"]["delivered"] == 6)?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        !end.stderr
            .contains(['\u{1b}', '\r', '\u{202e}', '\u{2028}']),
        "{end}"
    );
    let entries = entries(&end.stderr)?;
    let printed = entries.iter().filter(|it| it["target"] == "component");
    let printed: Vec<_> = printed.collect();
    // Three lines with each of three tasks.
    ensure!(printed.len() == 9, "{end}");
    for entry in printed {
        ensure!(
            entry["component"] == "telling" && entry["stream"] == "stderr",
            "{entry}"
        );
    }
    ensure!(!entries.iter().any(|it| it["task"] == "other"), "{end}");
    Ok(())
}

#[test]
fn a_variable_that_names_no_level_does_not_silence_the_log() -> Result<()> {
    for (value, told) in [("", 0), ("warning", 1), ("info,solti=loud", 1)] {
        let end = ended_with(value)?;
        let errors = entries(&end.stderr)?;
        let errors = errors.iter().filter(|it| it["level"] == "ERROR");
        let errors: Vec<_> = errors.filter_map(|it| it["message"].as_str()).collect();
        ensure!(errors.len() == told, "{value:?}: {end}");
        ensure!(
            errors.iter().all(|it| it.starts_with("RUST_LOG: ")),
            "{value:?}: {end}"
        );
    }
    Ok(())
}

/// A slow reader of a container's log, whose pipe another process has made non-blocking.
#[test]
fn entries_are_complete_with_a_slow_reader() -> Result<()> {
    let line = format!("{}\n", "x".repeat(4_000));
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", &line, 0)?)])?;
    let (mut reader, writer) = UnixStream::pair()?;
    writer.set_nonblocking(true)?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    place.write(
        FILE,
        format!(
            "[server]\nlisten = \"{address}\"\n[log]\nformat = \"json\"\n\
             [tasks.teller]\ncomponent = \"teller.wasm\"\nrepeat = 1000\nconcurrency = 4\n"
        )
        .as_bytes(),
    )?;
    let mut command = serve(&place.path("."), &[FILE]);
    let folder = place.path(".");
    let stderr = OwnedFd::from(writer).into();
    let served = Served::telling(&mut command, &folder, address, stderr)?;
    drop(command);
    until(&served, "teller", |task| task["state"] == "done")?;
    let reads = std::thread::spawn(move || {
        let mut log = String::new();
        reader.read_to_string(&mut log).map(|_| log)
    });
    let lost = served.sample("solti_metrics_log_entries_lost_total")?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let log = reads.join().map_err(|_| anyhow!("it panicked"))??;
    let entries = entries(&log)?;
    let printed = entries.iter().filter(|it| it["target"] == "guest").count();
    ensure!(
        lost == 0.0 && printed == 1_000,
        "{lost} lost, {printed} printed"
    );
    Ok(())
}
