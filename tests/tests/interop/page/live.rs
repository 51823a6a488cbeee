//! The page of a real runner, while it runs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::page::must_equal;
use solti_metrics_tests::served::Served;
use tempfile::TempDir;

use crate::page::browser::Browser;
use crate::page::numbers::everything;

/// No server listens at the address of the pushes.
const CONFIG: &str = r#"
    [runner]
    fuel = true

    [tasks.words]
    component = "reporter.wasm"
    stdin = "text"
    schedule = "interval"
    interval = "100ms"

    [tasks.known]
    component = "known.wasm"
    repeat = 2

    [tasks.misused]
    component = "reporter.wasm"
    args = ["few"]
    schedule = "restart"

    [[middlewares]]
    name = "sampler"
    component = "sampler.wasm"

    [backends.sink]
    component = "provider.wasm"

    [backends.collector]
    otlp = { endpoint = "http://127.0.0.1:9/v1/metrics" }

    [backends.lines]
    statsd = { address = "127.0.0.1:9" }
"#;

/// Numbers change with each request. The page saves one set of answers, and gets none
/// afterwards.
const KEEP: &str = "\
    window.told = null; \
    window.really = window.fetch; \
    window.fetch = async (what, ...how) => { \
        if (new URL(what, location).pathname !== '/metrics') return really(what, ...how); \
        if (window.told !== null) return new Promise(() => {}); \
        window.told = ''; \
        const answer = await really(what, ...how); \
        window.told = await answer.clone().text(); \
        return answer; \
    }";

const ASKED: &str = r#"solti_metrics_http_requests_total{page="metrics",code="200"}"#;

/// The number of requests identifies an answer.
const SHOWN: &str = "\
    (asked => document.querySelector(`[data-metric='${asked}']`).dataset.value === \
        window.told.split('\\n').find(line => line.startsWith(asked)).split(' ')[1]) \
    ('solti_metrics_http_requests_total{page=\"metrics\",code=\"200\"}')";

pub(crate) fn every_number(chromium: &Path) -> Result<()> {
    let (served, _folder) = start()?;
    // The runner counts a request after its answer, and caches a page for a short time.
    served.until("a request is counted", |served| {
        Ok(served.page("/metrics")?.contains(ASKED).then_some(()))
    })?;
    let mut browser = Browser::start(chromium)?;
    browser.open(&format!("http://{}/", served.address()?), "live")?;
    browser.evaluate(KEEP)?;
    browser.look_again()?;
    browser.wait(SHOWN)?;
    let told = browser.evaluate("window.told")?;
    let told = told.as_str().context("nothing was told")?;
    must_equal(&everything(&mut browser)?, told)?;

    let said = browser.evaluate("document.body.innerText")?;
    let said = said.as_str().context("no text")?;
    for name in [
        "words",
        "known",
        "misused",
        "sampler",
        "sink",
        "collector",
        "lines",
    ] {
        ensure!(said.contains(name), "{name} is missing");
    }
    for broken in ["undefined", "NaN", "[object"] {
        ensure!(!said.contains(broken), "{broken}: {said}");
    }
    ensure!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    ensure!(served.stop()?.code == Some(0));
    Ok(())
}

/// A runner with a value for each number.
fn start() -> Result<(Served, TempDir)> {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    let mut events = Vec::new();
    for runner in [RunnerType::Wasm, RunnerType::Subprocess] {
        for outcome in TaskOutcome::ALL {
            events.push(Event::TaskStarted { runner });
            events.push(Event::TaskCompleted {
                runner,
                outcome,
                duration_ms: 40,
            });
        }
    }
    fs::write(at("known.wasm"), recording(&events)?)?;
    fs::write(at("text"), "some words\nand more\n")?;
    for component in ["reporter", "sampler", "provider"] {
        let file = format!("{component}.wasm");
        fs::copy(artifact(component, WASI), at(&file))?;
    }
    let served = Served::start(folder.path(), CONFIG)?;
    for (task, outcome) in [
        ("words", "success"),
        ("known", "success"),
        ("misused", "failure"),
    ] {
        let runs =
            format!("solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}");
        served.until_at_least(&runs, 2.0)?;
    }
    Ok((served, folder))
}
