//! Runs the examples of `docs/operate/serve.md`, and checks its statements.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::command;
use solti_metrics_tests::blocks::{Block, blocks};
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::served::{FILE, Served, serve};
use solti_metrics_tests::trial::{Trial, trial};

use crate::configs::test_folder::TestFolder;
use crate::configs::{families, keys, root};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("each_block_of_the_page_has_a_checked_kind", known),
        trial("the_first_configuration_runs_at_once", first),
        trial("each_configuration_of_the_page_is_good", configurations),
        trial("the_token_of_the_page_is_valid", token),
        trial("log_entries_match_the_page", entries),
        trial("the_page_has_the_keys_of_the_schema", described),
        trial("the_page_has_the_metrics_of_a_runner", exposed),
        Oracle::promtool().trial("promtool_accepts_the_prometheus_configuration", scraped),
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

fn described() -> Result<()> {
    let output = Command::new(command())
        .args(["serve", "--schema"])
        .output()?;
    must_have(
        "keys",
        &keys::tables(&serde_json::from_slice(&output.stdout)?)?,
    )
}

/// All metrics of a runner with a task and backends of each kind.
fn exposed() -> Result<()> {
    let place = TestFolder::new()?;
    let config = r#"
        [runner]
        fuel = true
        [tasks.hello]
        component = "hello.wasm"
        [backends.sink]
        component = "provider.wasm"
        [backends.collector]
        otlp = { endpoint = "http://127.0.0.1:9/v1/metrics" }
        [backends.statsd]
        statsd = { address = "127.0.0.1:9" }
        "#;
    let served = Served::start(place.path(), config)?;
    served.until_at_least(
        r#"solti_metrics_task_runs_total{task="hello",outcome="success"}"#,
        1.0,
    )?;
    // The runner counts a request after its answer, and caches a page for a short time.
    served.page("/healthz")?;
    let table = served.until("a request is counted", |served| {
        let text = served.page("/metrics")?;
        let counted = text.contains("solti_metrics_http_requests_total{");
        counted.then(|| families::table(&text)).transpose()
    })?;
    served.stop()?;
    must_have("metrics", &table)
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

/// Compares the text between two marks. With `BLESS=1`, writes it there.
fn must_have(what: &str, table: &str) -> Result<()> {
    // Trials run concurrently and write the same file.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let page = page()?;
    let begin = format!(
        "<!-- {what}, by `BLESS=1 cargo test --workspace --test interop -- configs::`: -->\n"
    );
    let end = "<!-- end -->\n";
    let (before, rest) = page.split_once(&begin).context(begin.clone())?;
    let (written, after) = rest.split_once(end).context("no end of it")?;
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return Ok(fs::write(
            path(),
            [before, &begin, table, end, after].concat(),
        )?);
    }
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let differ: Vec<_> = lines(written)
        .symmetric_difference(&lines(table))
        .cloned()
        .collect();
    ensure!(
        written == table,
        "docs/operate/serve.md has other {what}; BLESS=1 writes them:\n{}",
        differ.join("\n")
    );
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
