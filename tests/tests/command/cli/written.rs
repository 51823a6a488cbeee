//! The output files of commands, and their messages about components.

use std::fs;
use std::os::unix::fs::symlink;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_tests::child::Running;
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::guests;

use crate::cli::backends::{example, provider};
use crate::cli::test_folder::TestFolder;

#[test]
fn output_goes_through_links_and_into_names_of_any_length() -> Result<()> {
    let place = TestFolder::with(&guests::flood()?)?;
    place.write("provider.wasm", &provider("")?)?;
    fs::create_dir(place.path("below"))?;
    // The target of the link does not exist yet.
    symlink("below/made.wasm", place.path("link.wasm"))?;
    let long = format!("{}.wasm", "x".repeat(250));
    for (out, made) in [
        ("link.wasm", "below/made.wasm"),
        ("link.wasm", "below/made.wasm"),
        (&long, &long),
        (&long, &long),
    ] {
        let end = place.run(&["compose", "guest.wasm", "provider.wasm", "-o", out])?;
        ensure!(end.code == Some(0), "{out}: {end}");
        ensure!(fs::metadata(place.path(made))?.len() > 0, "{out}");
    }
    ensure!(place.path("link.wasm").is_symlink());
    let names = fs::read_dir(place.path("."))?.chain(fs::read_dir(place.path("below"))?);
    let names = names.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<std::io::Result<Vec<_>>>()?;
    ensure!(!names.iter().any(|name| name.starts_with('.')), "{names:?}");
    Ok(())
}

#[test]
fn a_folder_cannot_take_the_output_and_is_named() -> Result<()> {
    let place = TestFolder::with(&guests::flood()?)?;
    fs::create_dir(place.path("out"))?;
    for out in ["out", "out/", "guest.wasm/out", "missing/out"] {
        let args = ["compose", "guest.wasm", &example("provider"), "-o", out];
        let end = place.run(&args)?;
        let error = format!("error: cannot write {out}: ");
        ensure!(
            end.code == Some(1) && end.stderr.starts_with(&error),
            "{end}"
        );
        ensure!(!end.stderr.contains(".solti-metrics."), "{end}");
        let told = end.stderr.contains("the folder missing does not exist");
        ensure!(told == (out == "missing/out"), "{end}");
    }
    Ok(())
}

/// Text that would forge a message, or clear the screen, without escapes.
const FORGED: &str = "told\nerror: forged\r\u{1b}[2J\u{202e}\u{2028}\n";

#[test]
fn the_output_of_a_component_is_reported_by_line_with_its_name() -> Result<()> {
    let place = TestFolder::with(&recording(&[Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome: TaskOutcome::Success,
        duration_ms: 1,
    }])?)?;
    for stream in ["stdout", "stderr"] {
        place.write("telling.wasm", &guests::telling_provider(stream, FORGED)?)?;
        let backend = [
            "--backend",
            "telling.wasm",
            "--grant",
            "output",
            "guest.wasm",
        ];
        let run = [&["run"][..], &backend].concat();
        let conformance = [
            "conformance",
            "--records",
            "1",
            "--grant",
            "output",
            "telling.wasm",
        ];
        for args in [&run[..], &conformance] {
            let end = place.run(args)?;
            ensure!(
                !end.stderr
                    .contains(['\r', '\u{1b}', '\u{202e}', '\u{2028}']),
                "{end}"
            );
            let told = |what: &str| {
                let lines = end.stderr.lines();
                lines
                    .filter(|line| line.starts_with("telling") && line.ends_with(what))
                    .count()
            };
            ensure!(told(" | told") > 0, "{end}");
            ensure!(
                told(" | error: forged\\r\\u{1b}[2J\\u{202e}\\u{2028}") > 0,
                "{end}"
            );
            ensure!(!end.stderr.contains("\nerror: forged"), "{end}");
        }
    }
    Ok(())
}

#[test]
fn an_invalid_log_level_is_named() -> Result<()> {
    let place = TestFolder::new()?;
    let mut command = place.command(&["check", "missing.wasm"])?;
    command.env("RUST_LOG", "warning");
    let end = Running::start(&mut command)?.end()?;
    ensure!(
        end.stderr
            .starts_with("warning: RUST_LOG: \"warning\" is not a level"),
        "{end}"
    );
    command.env("RUST_LOG", "");
    let end = Running::start(&mut command)?.end()?;
    ensure!(end.stderr.starts_with("error: missing.wasm: "), "{end}");
    Ok(())
}
