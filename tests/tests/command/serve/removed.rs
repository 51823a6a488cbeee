//! Backends, middlewares and tasks that a reload removes or replaces: no count is lost,
//! and no counter goes back.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::{Sample, samples};
use solti_metrics_tests::guests;
use solti_metrics_tests::served::Served;

use crate::serve::stopping::{books, endless, of};
use crate::serve::test_folder::{TestFolder, backend, count, settled, until, until_backend};

const FLOOD: &str = "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n";

fn place() -> Result<TestFolder> {
    let place = TestFolder::with(&[
        ("flood.wasm", guests::flood()?),
        ("endless.wasm", endless()?),
    ])?;
    for name in ["provider", "middleware"] {
        let file = format!("{name}.wasm");
        fs::copy(artifact(name, WASI), place.path(&file))?;
    }
    Ok(place)
}

/// A backend whose first record never returns.
fn stuck(drain_timeout: &str, queue: u32) -> String {
    format!(
        "[runner]\ndrain_timeout = \"{drain_timeout}\"\n{FLOOD}[backends.stuck]\ncomponent = \"endless.wasm\"\nqueue_capacity = {queue}\ntimeout = \"1h\"\n"
    )
}

fn accepted(served: &Served, source: &str) -> Result<f64> {
    served.sample(&format!(
        "solti_metrics_records_accepted_total{{source=\"{source}\"}}"
    ))
}

/// The entry of a removed backend in `/api/backends`.
fn gone(served: &Served, name: &str) -> Result<Value> {
    let answer = served.json("/api/backends")?;
    let rows = answer["retired"].as_array().context("rows")?;
    let row = rows.iter().find(|row| row["name"] == name);
    row.cloned().with_context(|| answer.to_string())
}

#[test]
fn a_replaced_backend_with_queued_records_passes_its_ledger_on() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&stuck("100ms", 512))?;
    until_backend(&served, "stuck", |it| {
        it["ledger"]["accepted"].as_u64() >= Some(1_000)
    })?;
    for queue in [1024, 2048] {
        let before = accepted(&served, "stuck")?;
        let error = served.reload(&stuck("100ms", queue))?;
        ensure!(error.is_none(), "{error:?}");
        ensure!(accepted(&served, "stuck")? >= before);
        let now = backend(&served, "stuck")?;
        ensure!(now["queue_capacity"] == queue, "{now}");
        ensure!(count(&now["ledger"]["accepted"])? as f64 >= before, "{now}");
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let books = books(&end)?;
    let ([guests, ..], [runner, ..]) = (of(&books, "guests")?, of(&books, "runner")?);
    // Both backends together were given all records.
    let [accepted, delivered, dropped] = of(&books, "stuck")?;
    ensure!(accepted == guests + runner, "{books:?}");
    ensure!(delivered == 0 && dropped == accepted, "{books:?}");
    Ok(())
}

#[test]
fn a_backend_that_returns_continues_its_counters() -> Result<()> {
    let place = place()?;
    let sink = "[backends.it]\ncomponent = \"provider.wasm\"\n";
    let statsd = "[backends.it]\nstatsd = { address = \"127.0.0.1:9\" }\n";
    let otlp = "[backends.it]\notlp = { endpoint = \"http://127.0.0.1:9\" }\n";
    let middleware = "[[middlewares]]\nname = \"it\"\ncomponent = \"middleware.wasm\"\n";
    let head = format!("[runner]\ndrain_timeout = \"200ms\"\n{FLOOD}");
    let mut served = place.serve(&format!("{head}{sink}"))?;
    let mut last = 0.0;
    for more in [statsd, "", otlp, "", middleware, "", sink, ""] {
        if let Ok(before) = backend(&served, "it") {
            let before = count(&before["ledger"]["accepted"])?;
            let now = until_backend(&served, "it", |it| {
                it["ledger"]["accepted"].as_u64() >= Some(before + 1_000)
            })?;
            ensure!(count(&now["ledger"]["accepted"])? as f64 >= last, "{now}");
        }
        last = accepted(&served, "it")?;
        let error = served.reload(&format!("{head}{more}"))?;
        ensure!(error.is_none(), "{error:?}");
        ensure!(accepted(&served, "it")? >= last, "{more}");
        if more.is_empty() {
            let row = served.until("it is gone", |served| {
                let row = gone(served, "it")?;
                Ok((row["draining"] == false).then_some(row))
            })?;
            settled(&row["ledger"])?;
            ensure!(backend(&served, "it").is_err());
        }
    }
    // Clients share a page for up to 250 ms, so the first page may be older.
    let page = served.until("the state of the backend leaves the page", |served| {
        let page = served.page("/metrics")?;
        Ok((!page.contains("backend_state{backend=\"it\"")).then_some(page))
    })?;
    // The gauges of the current state are gone, and the counters remain.
    let total = accepted(&served, "it")?;
    for counter in ["backend_failures", "export_attempts"] {
        let series = format!("solti_metrics_{counter}_total{{backend=\"it\"}}");
        ensure!(page.contains(&series), "{page}");
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let [accepted, ..] = of(&books(&end)?, "it")?;
    ensure!(accepted as f64 == total, "{total} {end}");
    Ok(())
}

#[test]
fn a_draining_backend_delays_no_reload_and_is_in_the_final_ledger() -> Result<()> {
    let place = place()?;
    let head = "[runner]\ndrain_timeout = \"1h\"\n";
    let mut served = place.serve(&stuck("1h", 512))?;
    until_backend(&served, "stuck", |it| {
        it["queue_length"].as_u64() >= Some(1)
    })?;
    let error = served.reload(&format!("{head}{FLOOD}"))?;
    ensure!(error.is_none(), "{error:?}");
    ensure!(gone(&served, "stuck")?["draining"] == true);
    let error = served.reload(&format!("{head}{FLOOD}args = [\"other\"]\n"))?;
    ensure!(error.is_none(), "{error:?}");
    until(&served, "flood", |task| task["runs"]["canceled"] == 1)?;
    let row = gone(&served, "stuck")?;
    let waits = count(&row["ledger"]["in_flight"])?;
    ensure!(row["draining"] == true && waits > 0, "{row}");
    // A stop waits for the removed backend, as for all others.
    served.signal("TERM")?;
    served.until("it stops", |served| {
        Ok((served.get("/readyz")?.status == 503).then_some(()))
    })?;
    ensure!(gone(&served, "stuck")?["draining"] == true);
    Ok(())
}

#[test]
fn a_stop_accounts_for_draining_backends() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&stuck("500ms", 512))?;
    until_backend(&served, "stuck", |it| {
        it["ledger"]["accepted"].as_u64() >= Some(1_000)
    })?;
    let head = "[runner]\ndrain_timeout = \"500ms\"\n";
    let error = served.reload(&format!("{head}[tasks]\n"))?;
    ensure!(error.is_none(), "{error:?}");
    let given = accepted(&served, "stuck")?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let [accepted, delivered, dropped] = of(&books(&end)?, "stuck")?;
    ensure!(accepted as f64 == given, "{given} {end}");
    ensure!(delivered == 0 && dropped == accepted, "{end}");
    Ok(())
}

#[test]
fn a_busy_instance_is_drained_while_the_new_one_runs() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&stuck("100ms", 512))?;
    until_backend(&served, "stuck", |it| {
        it["ledger"]["accepted"].as_u64() >= Some(1_000)
    })?;
    fs::copy(place.path("provider.wasm"), place.path("endless.wasm"))?;
    let before = accepted(&served, "stuck")?;
    ensure!(served.reload_as_it_is()?.is_none());
    ensure!(accepted(&served, "stuck")? >= before);
    until_backend(&served, "stuck", |it| {
        it["ledger"]["delivered"].as_u64() >= Some(1_000)
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let books = books(&end)?;
    let ([guests, ..], [runner, ..]) = (of(&books, "guests")?, of(&books, "runner")?);
    ensure!(of(&books, "stuck")?[0] == guests + runner, "{books:?}");
    Ok(())
}

#[test]
fn a_task_that_returns_continues_its_counters() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(FLOOD)?;
    let canceled = r#"solti_metrics_task_runs_total{task="flood",outcome="canceled"}"#;
    let records = r#"solti_metrics_task_records_accepted_total{task="flood"}"#;
    for round in 1..=2 {
        until(&served, "flood", |task| {
            task["ledger"]["accepted"].as_u64() >= Some(round * 1_000)
        })?;
        let before = served.sample(records)?;
        ensure!(served.reload("[tasks]\n")?.is_none());
        let gone = served.sample(records)?;
        ensure!(gone >= before && served.sample(canceled)? == round as f64);
        let answer = served.json("/api/tasks")?;
        let row = &answer["retired"][0];
        ensure!(row["name"] == "flood", "{answer}");
        ensure!(row["runs"]["canceled"] == round, "{answer}");
        settled(&row["ledger"])?;
        ensure!(served.reload(FLOOD)?.is_none());
        let now = until(&served, "flood", |_| true)?;
        ensure!(count(&now["ledger"]["accepted"])? as f64 >= gone, "{now}");
        let answer = served.json("/api/tasks")?;
        ensure!(answer["retired"] == serde_json::json!([]), "{answer}");
    }
    Ok(())
}

/// Removes more tasks than there are remembered names. Their last runs end after that.
#[test]
fn runs_of_tasks_whose_names_are_forgotten_stay_counted() -> Result<()> {
    let sleeps = guests::teller("stdout", "late", 3_600_000)?;
    let place = TestFolder::with(&[("sleeps.wasm", sleeps)])?;
    let number = 260;
    let head = format!("[runner]\nconcurrency = {number}\n");
    let tasks: String = (0..number)
        .map(|task| format!("[tasks.t{task}]\ncomponent = \"sleeps.wasm\"\ntimeout = \"none\"\n"))
        .collect();
    let mut served = place.serve(&format!("{head}{tasks}"))?;
    let started = r#"solti_runner_tasks_started_total{runner="wasm"}"#;
    served.until("all run", |served| {
        Ok((served.sample(started)? == f64::from(number)).then_some(()))
    })?;
    let error = served.reload(&format!("{head}[tasks]\n"))?;
    ensure!(error.is_none(), "{error:?}");
    let page = served.page("/metrics")?;
    let mut runs = samples(&page)?;
    runs.retain(|sample| {
        sample.name == "solti_metrics_task_runs_total"
            && sample.label("outcome") == Some("canceled")
    });
    let names = runs.len();
    let canceled = runs.iter().map(Sample::number).sum::<Result<f64>>()?;
    ensure!(canceled == f64::from(number), "{canceled}");
    ensure!(names <= 257, "{names} names");
    Ok(())
}
