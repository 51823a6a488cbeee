//! `run`: a progress bar at a terminal, and no trace of it elsewhere.

use anyhow::{Context, Result, ensure};

use crate::cli::report::rows;
use crate::cli::terminal::{ESCAPE, at_terminal, at_terminal_with, shown};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guests;

#[test]
fn no_control_sequence_is_sent_into_a_pipe() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "told\n", 1)?)?;
    place.write("maker.wasm", &guests::maker()?)?;
    for options in [
        &["--repeat", "50", "guest.wasm"][..],
        &[
            "--repeat",
            "50",
            "--concurrency",
            "4",
            "--format",
            "json",
            "guest.wasm",
        ],
        &["--format", "prometheus", "guest.wasm"],
        &["guest.wasm"],
        &["--repeat", "50", "maker.wasm"],
        &["--timeout", "1ms", "guest.wasm"],
        &["missing.wasm"],
        &["--no-such-option"],
    ] {
        // Variables that users set for their terminal.
        let mut command = place.command(&[&["run"], options].concat())?;
        command
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor");
        plain(&Running::start(&mut command)?.end()?)?;
    }
    for args in [
        &["check", "guest.wasm"][..],
        &["check", "missing.wasm"],
        &["wit"],
        &["--help"],
    ] {
        plain(&place.run(args)?)?;
    }
    Ok(())
}

#[test]
fn a_log_that_goes_into_a_pipe_has_no_colours() -> Result<()> {
    let place = TestFolder::new()?;
    let mut command = place.command(&["run", "missing.wasm"])?;
    command.env("RUST_LOG", "solti_metrics_host=debug");
    let end = Running::start(&mut command)?.end()?;
    ensure!(end.stderr.contains("component not loaded"), "no log: {end}");
    plain(&end)
}

#[test]
fn a_plain_terminal_gets_no_control_sequence() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "told\n", 1)?)?;
    let missing = "check missing.wasm";
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        for args in [
            "run --repeat 20 guest.wasm",
            "--help",
            "--no-such-option",
            missing,
        ] {
            let end = at_terminal_with(&place, args, variable)?;
            ensure!(!end.stdout.contains(ESCAPE), "{variable:?} {args}: {end}");
        }
    }
    // An empty variable counts as unset.
    let end = at_terminal_with(&place, "run --repeat 20 guest.wasm", ("NO_COLOR", ""))?;
    ensure!(end.stdout.contains(ESCAPE), "{end}");
    // A log entry has no control sequence either. A bar may come before it.
    let end = at_terminal_with(&place, "run missing.wasm", ("RUST_LOG", "debug"))?;
    let (before, _) = end
        .stdout
        .split_once("component not loaded")
        .context("no entry")?;
    let (_, entry) = before.rsplit_once("20").context("no date")?;
    ensure!(entry.contains("WARN ") && !entry.contains(ESCAPE), "{end}");
    Ok(())
}

fn plain(end: &End) -> Result<()> {
    for output in [&end.stdout, &end.stderr] {
        let control = |c: char| c.is_control() && c != '\n';
        ensure!(!output.contains(control), "{output:?}");
    }
    Ok(())
}

#[test]
fn a_terminal_shows_a_bar_and_then_the_whole_table() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "", 2)?)?;
    let end = at_terminal(&place, "run --repeat 200 guest.wasm")?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.stdout.contains(ESCAPE), "no control sequences: {end}");
    let bars: Vec<_> = end.stdout.match_indices("/200").map(|(at, _)| at).collect();
    let position = |bar: usize| {
        let digits = end.stdout[..bar].rsplit(|c: char| !c.is_ascii_digit());
        digits.into_iter().next()?.parse::<u64>().ok()
    };
    let furthest = bars.iter().filter_map(|bar| position(*bar)).max();
    ensure!(
        furthest.is_some_and(|it| it > 0),
        "no bar that moves: {end}"
    );
    let head = end
        .stdout
        .find("guest.wasm · 200 runs in ")
        .context("no table")?;
    ensure!(
        bars.iter().all(|bar| *bar < head),
        "a bar in the table: {end}"
    );
    whole_table(&end.stdout[head..], "200")
}

#[test]
fn a_single_run_shows_its_table_at_a_terminal() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "told\n", 300)?)?;
    let end = at_terminal(&place, "run guest.wasm")?;
    ensure!(end.code == Some(0), "{end}");
    let shown = shown(&end.stdout);
    ensure!(shown.lines().any(|line| line == "told"), "{shown}");
    let head = end
        .stdout
        .find("guest.wasm · 1 run in ")
        .context("no table")?;
    whole_table(&end.stdout[head..], "1")
}

#[test]
fn the_bar_leaves_all_lines_of_a_guest_intact() -> Result<()> {
    for stream in ["stdout", "stderr"] {
        let place = TestFolder::with(&guests::teller(stream, "a whole line\n", 1)?)?;
        let end = at_terminal(&place, "run --repeat 100 --concurrency 4 guest.wasm")?;
        ensure!(end.code == Some(0), "{end}");
        let shown = shown(&end.stdout);
        let lines = shown.lines().filter(|line| *line == "a whole line").count();
        ensure!(lines == 100, "{lines} on {stream}:\n{shown}");
    }
    Ok(())
}

#[test]
fn output_without_an_end_of_line_comes_before_the_table() -> Result<()> {
    without_an_end_of_line("stdout")
}

#[test]
fn errors_without_an_end_of_line_come_before_the_table() -> Result<()> {
    without_an_end_of_line("stderr")
}

/// The bar must neither erase nor delay the text.
fn without_an_end_of_line(stream: &str) -> Result<()> {
    let place = TestFolder::with(&guests::teller(stream, "no end", 300)?)?;
    let end = at_terminal(&place, "run guest.wasm")?;
    ensure!(end.code == Some(0), "{end}");
    let shown = shown(&end.stdout);
    let told = shown.find("no end");
    let told = told.with_context(|| format!("the text is missing:\n{shown}"))?;
    let table = shown.find(" · 1 run in ").context("no table")?;
    ensure!(told < table, "the text comes after the table:\n{shown}");
    Ok(())
}

/// Checks for all lines of the table, with nothing between and nothing after them.
fn whole_table(text: &str, tasks: &str) -> Result<()> {
    ensure!(!text.contains(ESCAPE), "{text:?}");
    ensure!(rows(text, &["wasm", "success", tasks]) == 1, "{text}");
    ensure!(
        rows(text, &["guests", "0", "0", "0", "0", "0"]) == 1,
        "{text}"
    );
    ensure!(rows(text, &["runner", "outcome"]) == 1, "{text}");
    ensure!(rows(text, &["records", "of"]) == 1, "{text}");
    let last = text.lines().last().unwrap_or_default();
    ensure!(!last.is_empty() && last.chars().all(|c| c == '─'), "{text}");
    Ok(())
}
