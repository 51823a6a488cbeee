//! Runs the examples of `docs/operate/serve.md`, and checks its statements.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics_tests::blocks::{Block, blocks};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::served::{FILE, Served, serve};
use solti_metrics_tests::trial::{Trial, trial};

use crate::configs::root;
use crate::configs::test_folder::TestFolder;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("each_block_of_the_page_has_a_checked_kind", known),
        trial("the_first_configuration_runs_at_once", first),
        trial("each_configuration_of_the_page_is_good", configurations),
        trial("the_token_of_the_page_is_valid", token),
        trial("log_entries_match_the_page", entries),
        ReferenceTool::promtool().trial("promtool_accepts_the_prometheus_configuration", scraped),
    ]
}

fn page() -> Result<String> {
    fs::read_to_string(path()).context("docs/operate/serve.md")
}

fn path() -> PathBuf {
    root().join("docs/operate/serve.md")
}

fn known() -> Result<()> {
    for block in blocks(&page()?)? {
        let known = matches!(
            (&*block.language, &*block.about),
            ("toml", "" | "serve.toml")
                | ("sh", "" | "token")
                | ("text", "" | "log")
                | ("json", "log")
                | ("yaml", "prometheus.yml")
        );
        ensure!(known, "`{} {}`", block.language, block.about);
    }
    Ok(())
}

fn only(language: &str, about: &str) -> Result<Block> {
    let blocks = blocks(&page()?)?;
    let mut found = blocks.into_iter().filter(|block| block.is(language, about));
    match (found.next(), found.next()) {
        (Some(block), None) => Ok(block),
        _ => bail!("not one block `{language} {about}`"),
    }
}

/// The text of the page, except for the port, which may be in use here.
fn first() -> Result<()> {
    let (place, config) = (TestFolder::new()?, only("toml", "serve.toml")?.text);
    fs::write(place.path().join(FILE), &config)?;
    let commands = only("sh", "")?;
    let mut lines = commands.lines();
    let check = lines.next().context("--check")?;
    let end = place.serve(&["--check", FILE])?;
    ensure!(
        check == format!("solti-metrics serve --check {FILE}"),
        "{check}"
    );
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    ensure!(lines.eq([format!("solti-metrics serve {FILE}")]));

    let config = config.replace(":9464", ":0") + "[log]\nformat = \"json\"\n";
    let served = Served::start_with(&mut serve(place.path(), &[FILE]), place.path(), &config)?;
    let succeeded = r#"solti_metrics_task_runs_total{task="hello",outcome="success"}"#;
    served.until_at_least(succeeded, 1.0)?;
    ensure!(served.page("/")?.contains("<html"));
    served.signal("INT")?;
    let end = served.end()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

fn configurations() -> Result<()> {
    let place = TestFolder::new()?;
    for block in blocks(&page()?)?
        .iter()
        .filter(|block| block.language == "toml")
    {
        fs::write(place.path().join(FILE), &block.text)?;
        let end = place.serve(&["--check", FILE])?;
        ensure!(
            end.code == Some(0) && end.stderr.is_empty(),
            "{end}\n{}",
            block.text
        );
    }
    Ok(())
}

fn token() -> Result<()> {
    let place = TestFolder::new()?;
    fs::remove_file(place.path().join("token"))?;
    shell(&only("sh", "token")?.text, place.path())?;
    let config = "[server]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n[tasks.a]\ncomponent = \"hello.wasm\"\n";
    fs::write(place.path().join(FILE), config)?;
    let end = place.serve(&["--check", FILE])?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    Ok(())
}

/// Numbers change from day to day. The names of fields do not.
fn entries() -> Result<()> {
    let task = "[tasks.hello]\ncomponent = \"hello.wasm\"\n";
    let log = |format: &str| -> Result<String> {
        let place = TestFolder::new()?;
        let served = Served::start(place.path(), task)?;
        served.until_at_least(
            r#"solti_metrics_task_runs_total{task="hello",outcome="success"}"#,
            1.0,
        )?;
        if format == "json" {
            return Ok(served.stop()?.stderr);
        }
        drop(served);
        fs::write(place.path().join(FILE), task)?;
        let mut running =
            solti_metrics_tests::child::Running::start(&mut serve(place.path(), &[FILE]))?;
        while !running.next_line()?.contains("run ended") {}
        running.signal("TERM")?;
        Ok(running.end()?.stderr)
    };
    for (language, format) in [("json", "json"), ("text", "text")] {
        let shown = form(&only(language, "log")?.text, format)?;
        let printed = log(format)?;
        let printed = printed.lines().find(|line| line.contains("run ended"));
        let printed = form(printed.context("no such entry")?, format)?;
        ensure!(shown == printed, "shown: {shown:?}\nprinted: {printed:?}");
    }
    Ok(())
}

/// The names of an entry's fields, and their constant values.
fn form(entry: &str, format: &str) -> Result<Vec<String>> {
    if format == "json" {
        let entry: Value = serde_json::from_str(entry)?;
        let entry = entry.as_object().context("an object")?;
        return Ok(entry.keys().cloned().collect());
    }
    let (_, rest) = entry.trim_end().split_once(' ').context("no time")?;
    let words = rest.split_whitespace().map(|word| {
        let (name, _) = word.split_once('=').unwrap_or((word, ""));
        name.to_owned()
    });
    Ok(words.collect())
}

fn scraped(promtool: &Path) -> Result<()> {
    let place = TestFolder::new()?;
    let file = place.path().join("prometheus.yml");
    fs::write(&file, only("yaml", "prometheus.yml")?.text)?;
    let output = Command::new(promtool)
        .args(["check", "config"])
        .arg(&file)
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

fn shell(commands: &str, folder: &Path) -> Result<()> {
    let output = Command::new("sh")
        .args(["-ec", commands])
        .current_dir(folder)
        .output()?;
    ensure!(output.status.success(), "{commands}\n{output:?}");
    Ok(())
}
