//! Runs and records of a runner that is asked to stop.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::child::End;
use solti_metrics_tests::served::Served;
use solti_metrics_tests::{guest, guests};

use crate::serve::test_folder::{TestFolder, count, task, until, until_backend};

/// A provider whose first record never returns.
pub(crate) fn endless() -> Result<Vec<u8>> {
    guest::component(
        r#"(module
            (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32)
                (loop br 0))
            (func (export "solti:metrics/backend@0.1.0#record-task-completed")
                (param i32 i32 i64) (loop br 0))
            (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))"#,
    )
}

/// The last entries of the log: the ledgers of all sources of records.
pub(crate) fn ledgers(end: &End) -> Result<Vec<Value>> {
    let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let ledgers = entries
        .into_iter()
        .filter(|entry| entry["message"] == "records");
    let ledgers: Vec<_> = ledgers.collect();
    for ledger in &ledgers {
        let (delivered, dropped) = (count(&ledger["delivered"])?, count(&ledger["dropped"])?);
        ensure!(ledger["in_flight"] == 0, "{ledger}");
        ensure!(
            count(&ledger["accepted"])? == delivered + dropped,
            "{ledger}"
        );
    }
    Ok(ledgers)
}

/// Accepted, delivered and dropped records of a source.
pub(crate) fn of(ledgers: &[Value], source: &str) -> Result<[u64; 3]> {
    let ledger = ledgers.iter().find(|ledger| ledger["source"] == source);
    let ledger = ledger.with_context(|| format!("no {source}: {ledgers:?}"))?;
    Ok([
        count(&ledger["accepted"])?,
        count(&ledger["delivered"])?,
        count(&ledger["dropped"])?,
    ])
}

const FLOOD: &str = "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n";

/// A folder with a guest that records without end, and a provider that takes nothing.
fn flooded() -> Result<TestFolder> {
    TestFolder::with(&[
        ("flood.wasm", guests::flood()?),
        ("endless.wasm", endless()?),
    ])
}

/// A configuration of both, whose records would be waited for.
fn never_drained() -> String {
    format!(
        "[runner]\ndrain_timeout = \"1h\"\n{FLOOD}[backends.endless]\ncomponent = \"endless.wasm\"\ntimeout = \"1h\"\n"
    )
}

/// Reads the log until it says that the runner stops.
fn until_it_stops(served: &mut Served) -> Result<()> {
    served.entry("it stops", |entry| {
        let message = entry["message"].as_str().unwrap_or_default();
        message.starts_with("stopping")
    })?;
    Ok(())
}

/// Requests that come within this time are one.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// Requests that come at the same time are one, so it is asked until it has gone.
fn asked_until_gone(served: Served) -> Result<End> {
    while served.signal("TERM").is_ok() && served.get("/healthz").is_ok() {
        std::thread::yield_now();
    }
    served.end()
}

#[test]
fn requests_are_answered_while_a_slow_backend_drains_and_all_ledgers_balance() -> Result<()> {
    let place = flooded()?;
    let served = place.serve(&format!(
        "[runner]\ndrain_timeout = \"2s\"\n{FLOOD}[backends.endless]\ncomponent = \"endless.wasm\"\nqueue_capacity = 512\ntimeout = \"1h\"\n"
    ))?;
    until_backend(&served, "endless", |it| {
        it["ledger"]["dropped"]["queue_full"].as_u64() >= Some(1)
    })?;
    ensure!(served.get("/readyz")?.status == 200);
    served.signal("TERM")?;
    served.until("it says that it drains", |served| {
        let answer = served.get("/readyz")?;
        Ok((answer.status == 503 && answer.body.contains("draining")).then_some(()))
    })?;
    ensure!(served.get("/metrics")?.status == 200);
    ensure!(served.get("/healthz")?.status == 200);
    ensure!(served.json("/api/tasks")?["runner"]["draining"] == true);
    let end = served.end()?;
    ensure!(end.code == Some(0), "{end}");
    let ledgers = ledgers(&end)?;
    let ([guests, delivered, _], [runner, ..]) = (of(&ledgers, "guests")?, of(&ledgers, "runner")?);
    ensure!(guests > 512 && delivered == guests, "{ledgers:?}");
    let [accepted, delivered, dropped] = of(&ledgers, "endless")?;
    ensure!(accepted == guests + runner, "{ledgers:?}");
    ensure!(delivered == 0 && dropped == accepted, "{ledgers:?}");
    Ok(())
}

#[test]
fn unreachable_backends_delay_a_stop_up_to_their_limit() -> Result<()> {
    // Accepts connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?)])?;
    let served = place.serve(&format!(
        "[runner]\ndrain_timeout = \"200ms\"\n{FLOOD}\
         [backends.collector]\notlp = {{ endpoint = \"http://{}/v1/metrics\", interval = \"100ms\", timeout = \"1h\" }}\n\
         [backends.lines]\nstatsd = {{ address = \"127.0.0.1:9\" }}\n",
        silent.local_addr()?
    ))?;
    until_backend(&served, "collector", |it| {
        it["ledger"]["accepted"].as_u64() >= Some(1_000)
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(end.took < Duration::from_secs(30), "{end}");
    let ledgers = ledgers(&end)?;
    let ([guests, ..], [runner, ..]) = (of(&ledgers, "guests")?, of(&ledgers, "runner")?);
    let [accepted, delivered, dropped] = of(&ledgers, "collector")?;
    ensure!(accepted == guests + runner && delivered == 0, "{ledgers:?}");
    ensure!(dropped == accepted, "{ledgers:?}");
    ensure!(of(&ledgers, "lines")?[0] == guests + runner, "{ledgers:?}");
    Ok(())
}

#[test]
fn a_second_signal_ends_the_runner_at_once() -> Result<()> {
    let place = flooded()?;
    let mut served = place.serve(&never_drained())?;
    until_backend(&served, "endless", |it| {
        it["queue_length"].as_u64() >= Some(1)
    })?;
    served.signal("TERM")?;
    until_it_stops(&mut served)?;
    let stopping = Instant::now();
    served.until("a further request is a second one", |_| {
        Ok((stopping.elapsed() >= ONE_REQUEST).then_some(()))
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(143), "{end}");
    ensure!(end.stderr.contains("forced exit"), "{end}");
    Ok(())
}

#[test]
fn a_second_signal_ends_the_runner_at_once_with_an_unread_log() -> Result<()> {
    let place = flooded()?;
    // A pipe that is full, and that only the process itself could read.
    let script = r#"mkfifo log && exec 9<>log && head -c 65536 /dev/zero >&9 && exec "$@" 2>&9"#;
    let served = place.unheard(script, &never_drained())?;
    until_backend(&served, "endless", |it| {
        it["queue_length"].as_u64() >= Some(1)
    })?;
    let end = asked_until_gone(served)?;
    ensure!(end.code == Some(143), "{end}");
    Ok(())
}

#[test]
fn a_run_that_waits_for_a_slot_ends_without_a_start() -> Result<()> {
    let place = TestFolder::with(&[("waiter.wasm", guests::waiter()?)])?;
    let config = |name: &str, more: &str| {
        format!("[tasks.{name}]\ncomponent = \"waiter.wasm\"\ndirs = [\".:rw\"]\n{more}\n")
    };
    let served = place.serve(&format!(
        "[runner]\nconcurrency = 1\n{}{}",
        config(
            "ticks",
            "schedule = \"interval\"\ninterval = \"5ms\"\nqueue_capacity = 4"
        ),
        config("once", "repeat = 3\nconcurrency = 3"),
    ))?;
    until(&served, "ticks", |task| {
        task["rejected"].as_u64() >= Some(1)
    })?;
    until(&served, "once", |task| {
        task["waiting"]
            .as_u64()
            .zip(task["running"].as_u64())
            .map(|(a, b)| a + b)
            == Some(3)
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let ended = r#""message":"run ended""#;
    ensure!(end.stderr.matches(ended).count() == 1, "{end}");
    ledgers(&end)?;
    Ok(())
}

#[test]
fn a_stop_during_the_start_ends_the_started_tasks() -> Result<()> {
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?), ("slow.wasm", vast(800)?)])?;
    // Tasks start in the order of their names, and the compilation cache is empty.
    let config = format!(
        "{FLOOD}[tasks.slow]\ncomponent = \"slow.wasm\"\n[compilation]\ncache = \"code\"\n"
    );
    let mut served = place.serve_unready(&config)?;
    served.until("the first task runs", |served| {
        let flood = task(served, "flood").ok();
        let runs = flood.is_some_and(|it| it["ledger"]["delivered"].as_u64() >= Some(1));
        Ok(runs.then_some(()))
    })?;
    served.signal("HUP")?;
    served.signal("TERM")?;
    until_it_stops(&mut served)?;
    let end = served.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(!end.stderr.contains(r#""message":"ready""#), "{end}");
    let ledgers = ledgers(&end)?;
    let [accepted, delivered, _] = of(&ledgers, "guests")?;
    ensure!(accepted > 0 && accepted == delivered, "{ledgers:?}");
    Ok(())
}

#[test]
fn a_stop_does_not_wait_for_the_compilation_of_a_reload() -> Result<()> {
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?), ("slow.wasm", vast(800)?)])?;
    let mut served = place.serve(&format!("{FLOOD}[compilation]\ncache = \"code\"\n"))?;
    place.write(
        solti_metrics_tests::served::FILE,
        format!(
            "{}{FLOOD}[tasks.slow]\ncomponent = \"slow.wasm\"\n[compilation]\ncache = \"code\"\n",
            solti_metrics_tests::served::HEAD
        )
        .as_bytes(),
    )?;
    served.signal("HUP")?;
    served.signal("HUP")?;
    // The other tasks continue meanwhile.
    let before = count(&until(&served, "flood", |_| true)?["ledger"]["accepted"])?;
    until(&served, "flood", |task| {
        task["ledger"]["accepted"].as_u64() > Some(before)
    })?;
    served.signal("TERM")?;
    until_it_stops(&mut served)?;
    let end = served.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(!end.stderr.contains(r#""task":"slow""#), "{end}");
    ledgers(&end)?;
    Ok(())
}

#[test]
fn a_run_that_blocks_in_the_system_is_canceled() -> Result<()> {
    let place = TestFolder::with(&[("echo.wasm", guests::echo()?)])?;
    for name in ["unopened", "unread"] {
        let made = std::process::Command::new("mkfifo")
            .arg(place.path(name))
            .status()?;
        ensure!(made.success(), "{made}");
    }
    // Opening the first pipe blocks. The second pipe is open, without data.
    let _silent = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(place.path("unread"))?;
    let config =
        |name: &str| format!("[tasks.{name}]\ncomponent = \"echo.wasm\"\nstdin = \"{name}\"\n");
    let served = place.serve(&format!("{}{}", config("unopened"), config("unread")))?;
    for name in ["unopened", "unread"] {
        until(&served, name, |task| task["running"] == 1)?;
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
    let outcomes: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry["message"] == "run ended")
        .map(|entry| entry["outcome"].clone())
        .collect();
    ensure!(outcomes == ["canceled", "canceled"], "{end}");
    ledgers(&end)?;
    Ok(())
}

/// A guest that takes long to compile: `functions` functions, each with many
/// instructions.
pub(crate) fn vast(functions: usize) -> Result<Vec<u8>> {
    let body =
        "(local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 7)) (i32.load (local.get 0))))"
            .repeat(400);
    let functions =
        format!("(func (param i32) (result i32) {body} (local.get 0))").repeat(functions);
    guest::component(&format!(
        r#"(module (memory 1) {functions}
            (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#
    ))
}
