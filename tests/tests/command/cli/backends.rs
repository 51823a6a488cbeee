//! `run` with components as backends.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guest;

use crate::cli::report::{report, rows};
use crate::cli::serve::{OPEN_METRICS, TEXT, address};
use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::guests;
use solti_metrics_tests::http::{ask, scrape};

/// A provider that executes these instructions for each completed task.
pub(crate) fn provider(completed: &str) -> Result<Vec<u8>> {
    guest::component(&format!(
        r#"(module
            (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
            (func (export "solti:metrics/backend@0.1.0#record-task-completed")
              (param i32 i32 i64) {completed})
            (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))"#
    ))
}

pub(crate) fn example(name: &str) -> String {
    artifact(name, WASI).display().to_string()
}

/// Checks the identity of each ledger in a report.
fn balanced(report: &Value) -> Result<()> {
    let mut ledgers = vec![&report["ledger"]["guests"], &report["ledger"]["runner"]];
    let backends = report["backends"].as_array().context("backends")?;
    for backend in backends {
        ledgers.push(&backend["ledger"]);
    }
    for ledger in ledgers {
        let count = |name: &str| ledger[name].as_u64().with_context(|| ledger.to_string());
        let dropped = ledger["dropped"].as_object().context("dropped")?;
        let dropped: u64 = dropped.values().filter_map(Value::as_u64).sum();
        ensure!(
            count("accepted")? == count("delivered")? + dropped && count("in_flight")? == 0,
            "{ledger}"
        );
    }
    Ok(())
}

pub(crate) fn json(end: &End) -> Result<Value> {
    let report = report(end)?;
    balanced(&report)?;
    Ok(report)
}

#[test]
fn the_table_has_a_state_and_a_ledger_for_each_component() -> Result<()> {
    let place = TestFolder::with_files(&["one", "two", "three"])?;
    let (provider, sampler) = (example("provider"), example("sampler"));
    let end = place.digest(&[
        "--backend",
        &provider,
        "--middleware",
        &sampler,
        "--grant",
        "env=SAMPLER_KEEP=2",
    ])?;
    ensure!(end.code == Some(0), "{end}");
    // Four starts and four completions. The sampler forwards every second completion.
    for row in [
        &["sampler", "8", "6", "0", "0", "2"][..],
        &["provider", "6", "6", "0", "0", "0"],
        &["sampler", "running", "0", "0", "0"],
        &["provider", "running", "0", "0", "0"],
        // The guest's row counts all records, also those that the sampler removes.
        &["wasm", "success", "4"],
    ] {
        ensure!(rows(&end.stderr, row) == 1, "{row:?}\n{end}");
    }
    Ok(())
}

#[test]
fn each_of_several_backends_gets_all_records() -> Result<()> {
    let place = TestFolder::with_files(&["one", "two"])?;
    fs::create_dir(place.path("out"))?;
    let (jsonl, provider) = (example("jsonl"), example("provider"));
    let end = place.digest(&[
        "--format",
        "prometheus",
        "--backend",
        &jsonl,
        "--grant",
        "dir=out::/out:rw",
        "--backend",
        &provider,
        "--backend",
        &provider,
    ])?;
    ensure!(end.code == Some(0), "{end}");
    let lines = fs::read_to_string(place.path("out/metrics.jsonl"))?;
    ensure!(lines.lines().count() == 6, "{lines}");
    for name in ["jsonl", "provider", "provider-2"] {
        let series = format!("solti_metrics_records_delivered_total{{source=\"{name}\"}}");
        ensure!(value(&end.stdout, &series)? == 6.0, "{end}");
    }
    Ok(())
}

#[test]
fn a_backend_that_always_traps_affects_no_task_and_is_reported() -> Result<()> {
    let place = TestFolder::with_files(&["one", "two"])?;
    place.write("broken.wasm", &provider("unreachable")?)?;
    let end = place.digest(&[
        "--format",
        "json",
        "--backend",
        "broken.wasm",
        "--drain-timeout",
        "50ms",
    ])?;
    // Losses make the command fail.
    ensure!(end.code == Some(1), "{end}");
    let report = json(&end)?;
    ensure!(report["tasks"][0]["count"] == 3, "{report}");
    let backend = &report["backends"][0];
    ensure!(backend["name"] == "broken", "{report}");
    ensure!(backend["failures"].as_u64() >= Some(1), "{report}");
    ensure!(
        backend["last_failure"]
            .as_str()
            .is_some_and(|said| said.contains("unreachable")),
        "{report}"
    );
    ensure!(end.stderr.contains("warning: "), "{end}");
    Ok(())
}

#[test]
fn a_backend_s_own_exposition_is_served_with_ours() -> Result<()> {
    let place = TestFolder::with(&guests::waiter()?)?;
    let provider = example("provider");
    let args = [
        "run",
        "--listen",
        "127.0.0.1:0",
        "--backend",
        &provider,
        "--dir",
        ".:rw",
        "guest.wasm",
    ];
    let mut running = Running::start(&mut place.command(&args)?)?;
    let address = address(&mut running)?;
    running.line("waiting")?;
    let started = r#"solti_runner_tasks_started_total{runner="container"}"#;

    // A component exposes OpenMetrics, and a client that prefers the older format gets
    // that format.
    let families = [
        "# TYPE solti_runner_tasks_started",
        "# TYPE solti_runner_tasks_started_total",
    ];
    for (accept, media, family) in [
        ("", TEXT, families[1]),
        ("Accept: text/plain;version=0.0.4\r\n", TEXT, families[1]),
        ("Accept: */*;q=0.5, text/plain;q=0.1\r\n", TEXT, families[1]),
        (
            "Accept: application/openmetrics-text\r\n",
            OPEN_METRICS,
            families[0],
        ),
        (
            "Accept: application/openmetrics-text, */*;q=0.1\r\n",
            OPEN_METRICS,
            families[0],
        ),
    ] {
        for page in ["/backends/provider/metrics", "/metrics"] {
            let theirs = ask(address, "GET", page, accept)?;
            ensure!(theirs.status == 200, "{theirs:?}");
            ensure!(theirs.header("content-type") == Some(media), "{theirs:?}");
            ensure!(
                theirs.body.contains(&format!("{family} counter\n")),
                "{theirs:?}"
            );
            ensure!(
                theirs.body.ends_with("# EOF\n") == (media == OPEN_METRICS),
                "{theirs:?}"
            );
            ensure!(theirs.sample(started)? == 1.0, "{theirs:?}");
        }
    }
    let ours = scrape(address)?;
    ensure!(ours.sample(started)? == 1.0, "{ours:?}");
    let state = r#"solti_metrics_backend_state{backend="provider",state="running"}"#;
    ensure!(ours.sample(state)? == 1.0, "{ours:?}");

    let stray = ask(address, "GET", "/backends/other/metrics", "")?;
    ensure!(stray.status == 404, "{stray:?}");
    ensure!(
        stray.body.contains("/backends/provider/metrics"),
        "{stray:?}"
    );
    fs::create_dir(place.path("go"))?;
    ensure!(running.end()?.code == Some(0));
    Ok(())
}

#[test]
fn an_unsuitable_backend_is_rejected_before_a_task_runs() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    place.write("backend.wasm", &provider("")?)?;
    let otlp = example("otlp");
    for (args, code, said) in [
        (
            &["--backend", "nowhere.wasm"][..],
            1,
            "nowhere.wasm: cannot read the component",
        ),
        (&["--backend", "guest.wasm"], 1, "is not a provider"),
        (&["--middleware", "backend.wasm"], 1, "is not a middleware"),
        (&["--backend", &otlp], 1, "http=HOST:PORT"),
        (
            &["--backend", "nonsense"],
            2,
            "expected noop, memory, prometheus",
        ),
        (
            &["--backend", "noop", "--backend", "backend.wasm"],
            2,
            "--backend noop",
        ),
        (&["--grant", "env=A=1"], 2, "applies to the component"),
        (
            &[
                "--backend",
                "backend.wasm",
                "--backend-queue-capacity",
                "99999999999",
            ],
            2,
            "from 1 to 16777216",
        ),
        (
            &["--backend", "backend.wasm", "--grant", "net"],
            2,
            "expected env=",
        ),
        (
            &["--backend", "backend.wasm", "--grant", "dir=nowhere::/out"],
            1,
            "has grants that cannot be applied",
        ),
    ] {
        let mut all = vec!["run"];
        all.extend(args);
        all.push("guest.wasm");
        let end = place.run(&all)?;
        ensure!(end.code == Some(code), "{args:?}: {end}");
        ensure!(end.stderr.contains(said), "{args:?}: {end}");
    }
    Ok(())
}

#[test]
fn a_time_out_of_bounds_is_wrong_use_and_the_bound_is_named() -> Result<()> {
    let place = TestFolder::with_files(&["one"])?;
    for (option, time, said) in [
        (
            "--timeout",
            "5M",
            "unknown unit \"M\"; write 5m for minutes",
        ),
        ("--timeout", "0s", "must be at least 1ms"),
        ("--drain-timeout", "100000000000y", "unknown unit \"y\""),
        ("--drain-timeout", "366d", "must be at most 365d"),
        ("--backend-timeout", "0", "must be at least 1ms"),
        ("--compile-timeout", "0.1ms", "must be at least 1ms"),
    ] {
        let end = place.run(&["run", option, time, "guest.wasm"])?;
        ensure!(end.code == Some(2), "{option} {time}: {end}");
        ensure!(
            end.stderr.contains(said) && end.stderr.contains(&format!("'{time}'")),
            "{option} {time}: {end}"
        );
    }
    Ok(())
}

#[test]
fn the_longest_times_do_not_panic() -> Result<()> {
    let place = TestFolder::with_files(&["one"])?;
    place.write("backend.wasm", &provider("")?)?;
    let long = "365d";
    let end = place.digest(&[
        "--backend",
        "backend.wasm",
        "--backend-timeout",
        long,
        "--drain-timeout",
        long,
        "--timeout",
        long,
    ])?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}
