//! The behaviour of a composition, under each runtime.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics::Event;
use solti_metrics_tests::artifact::{BARE, WASI, artifact};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::script::script;

use crate::compose::composed::composed;
use crate::compose::runtimes::{Ended, Runtime};
use solti_metrics_tests::parts::{self, EXIT, EXIT_FAILED, FAIL, RETURN, TRAP};

type Check = fn(&Runtime) -> Result<()>;

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("a_provider_gets_every_record_of_the_script", provider),
    ("middlewares_change_records", middlewares),
    ("a_guest_of_a_real_toolchain_reads_its_folder", digest),
    ("a_provider_writes_to_the_guests_folder", jsonl),
    ("held_records_are_flushed_at_each_end_of_a_program", ends),
    (
        "records_held_by_several_components_are_flushed_in_order",
        both,
    ),
    ("a_program_that_loses_records_at_its_end_has_failed", loses),
    ("a_failed_final_push_is_reported_in_a_single_line", told),
    (
        "a_guest_of_a_real_toolchain_that_fails_loses_nothing",
        failing_digest,
    ),
];

fn provider(runtime: &Runtime) -> Result<()> {
    let guest = recording(&script())?;
    let ended = run(runtime, &[guest, built("lines", WASI)?])?;
    let expected: String = (1..)
        .zip(script())
        .map(|(number, event)| format!("{number} {}\n", line(event, None)))
        .collect();
    ensure!(ended == good(&expected), "{ended:?}\nand not\n{expected}");
    Ok(())
}

fn middlewares(runtime: &Runtime) -> Result<()> {
    let guest = recording(&script())?;
    let (bare, wasi) = (built("middleware", BARE)?, built("middleware", WASI)?);
    let expected: String = (1..)
        .zip(script())
        .map(|(number, event)| format!("{number} {}\n", line(event, Some("container"))))
        .collect();
    for middlewares in [vec![bare.clone()], vec![bare.clone(), wasi, bare]] {
        let mut parts = vec![guest.clone()];
        parts.extend(middlewares);
        parts.push(built("lines", WASI)?);
        let ended = run(runtime, &parts)?;
        ensure!(ended == good(&expected), "{}: {ended:?}", parts.len());
    }
    Ok(())
}

fn digest(runtime: &Runtime) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for file in ["a", "b", "c"] {
        fs::write(folder.path().join(file), file)?;
    }
    let parts = [
        built("digest", WASI)?,
        built("middleware", BARE)?,
        built("lines", WASI)?,
    ];
    let ended = runtime.run(&composed(&parts)?, folder.path(), &["."])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let lines: Vec<_> = ended.stdout.lines().collect();
    ensure!(lines.len() == 9, "{ended:?}");
    for (number, (file, three)) in ["a", "b", "c"].iter().zip(lines.chunks(3)).enumerate() {
        let started = format!("{} container started", 2 * number + 1);
        let completed = format!("{} container success after ", 2 * number + 2);
        ensure!(
            three[0] == started
                && three[1].ends_with(&format!("  ./{file}"))
                && three[2].starts_with(&completed),
            "{three:?}"
        );
    }
    Ok(())
}

fn jsonl(runtime: &Runtime) -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("a"), "a")?;
    let parts = [
        built("digest", WASI)?,
        built("rename", WASI)?,
        built("jsonl", WASI)?,
    ];
    let ended = runtime.run(&composed(&parts)?, folder.path(), &["a"])?;
    ensure!(ended.code == Some(0), "{ended:?}");
    let records = fs::read_to_string(folder.path().join("records.jsonl"))?;
    let lines: Vec<_> = records.lines().collect();
    ensure!(
        matches!(&lines[..], [started, completed]
            if *started == r#"{"record":"task_started","runner":"wasm"}"#
                && completed.contains(r#""outcome":"success","duration_ms":"#)),
        "{records}"
    );
    Ok(())
}

fn ends(runtime: &Runtime) -> Result<()> {
    for (end, code, stdout) in [
        (RETURN, Some(0), "kept 003\n"),
        (FAIL, Some(1), "kept 003\n"),
        (EXIT, Some(0), "kept 003\n"),
        (EXIT_FAILED, Some(1), "kept 003\n"),
        // A component executes nothing after a trap.
        (TRAP, None, ""),
    ] {
        let ended = run(runtime, &[parts::guest(end)?, parts::keeper()?])?;
        let expected = Ended {
            code,
            stdout: stdout.into(),
            stderr: String::new(),
        };
        ensure!(ended == expected, "{end}: {ended:?}");
    }
    Ok(())
}

fn both(runtime: &Runtime) -> Result<()> {
    for end in [RETURN, EXIT] {
        let parts = [
            parts::guest(end)?,
            parts::keeping_middleware()?,
            built("middleware", BARE)?,
            parts::keeping_middleware()?,
            parts::keeper()?,
        ];
        let ended = run(runtime, &parts)?;
        ensure!(ended == good("kept 003\n"), "{end}: {ended:?}");
    }
    Ok(())
}

fn loses(runtime: &Runtime) -> Result<()> {
    for end in [RETURN, FAIL, EXIT, EXIT_FAILED] {
        let guest = parts::guest(end)?;
        for receivers in [
            vec![parts::failing(false, 'p', 9)?],
            vec![parts::failing(true, 'm', 9)?, parts::keeper()?],
            // A message of more than a page of memory.
            vec![
                parts::failing(true, 'm', 300_000)?,
                parts::failing(false, 'p', 300_000)?,
            ],
        ] {
            let parts: Vec<_> = [guest.clone()].into_iter().chain(receivers).collect();
            let ended = run(runtime, &parts)?;
            ensure!(ended.code == Some(1), "{end}: {ended:?}");
        }
    }
    Ok(())
}

/// The messages of a provider are on standard error, for each end of the program. They
/// are bounded, and contain no character that starts a line or controls a terminal.
fn told(runtime: &Runtime) -> Result<()> {
    let cut = "m".repeat(1_023);
    for (reason, expected) in [
        ("a".repeat(9), "a".repeat(9)),
        (String::new(), String::new()),
        ("m".repeat(1_024), "m".repeat(1_024)),
        ("m".repeat(300_000), format!("{}...", "m".repeat(1_024))),
        // A character of two bytes is not split.
        (format!("{cut}\u{e9}{cut}"), format!("{cut}...")),
        (
            "no\nroute\r\u{1b}[2J\u{9b}31m\u{7f}\u{e9}\0".into(),
            "no route  [2J  31m \u{e9} ".into(),
        ),
    ] {
        let expected = format!("metrics not flushed: {expected}\n");
        for end in [RETURN, FAIL, EXIT, EXIT_FAILED] {
            let provider = parts::failing_with(false, &reason)?;
            let ended = run(runtime, &[parts::guest(end)?, provider])?;
            ensure!(ended.code == Some(1), "{end}: {ended:?}");
            ensure!(ended.stderr == expected, "{end}: {ended:?}");
        }
    }
    Ok(())
}

fn failing_digest(runtime: &Runtime) -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("a"), "a")?;
    let parts = [built("digest", WASI)?, parts::keeper()?];
    let ended = runtime.run(&composed(&parts)?, folder.path(), &["a", "missing"])?;
    ensure!(ended.code == Some(1), "{ended:?}");
    ensure!(ended.stdout.ends_with("  a\nkept 002\n"), "{ended:?}");
    Ok(())
}

/// The output of `guest/examples/lines.rs`, after the changes of a middleware.
fn line(event: Event, contained: Option<&str>) -> String {
    let of = |runner: solti_metrics::RunnerType| contained.unwrap_or(runner.as_label()).to_owned();
    match event {
        Event::TaskStarted { runner } => format!("{} started", of(runner)),
        Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        } => format!("{} {outcome} after {duration_ms} ms", of(runner)),
        Event::RunnerError { runner, error } => format!("{} {error}", of(runner)),
        other => format!("no line for {other:?}"),
    }
}

fn run(runtime: &Runtime, parts: &[Vec<u8>]) -> Result<Ended> {
    runtime.run(&composed(parts)?, tempfile::tempdir()?.path(), &[])
}

fn good(stdout: &str) -> Ended {
    Ended {
        code: Some(0),
        stdout: stdout.into(),
        stderr: String::new(),
    }
}

fn built(name: &str, target: &str) -> Result<Vec<u8>> {
    let path = artifact(name, target);
    fs::read(&path).with_context(|| path.display().to_string())
}
