//! Backends and middlewares that are added, removed and changed while records arrive.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::guests;
use solti_metrics_tests::served::Served;

use crate::serve::stopping::ledgers;
use crate::serve::test_folder::{TestFolder, backend, count, settled, until, until_backend};

const FLOOD: &str = "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n";
const SINK: &str = "[backends.sink]\ncomponent = \"provider.wasm\"\n";
const DOUBLE: &str = "[[middlewares]]\nname = \"first\"\ncomponent = \"middleware.wasm\"\n";

fn place() -> Result<TestFolder> {
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?)])?;
    for name in ["provider", "middleware"] {
        let file = format!("{name}.wasm");
        fs::copy(artifact(name, WASI), place.path(&file))?;
    }
    Ok(place)
}

/// Waits until the guest has made many more records.
fn flows(served: &Served) -> Result<()> {
    let accepted = |task: &serde_json::Value| task["ledger"]["accepted"].as_u64();
    let before = until(served, "flood", |_| true)?;
    let before = accepted(&before).unwrap_or_default();
    until(served, "flood", |task| {
        accepted(task) >= Some(before + 5_000)
    })?;
    Ok(())
}

#[test]
fn a_changed_file_replaces_the_backend_and_the_ledger_continues() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&format!("{FLOOD}{SINK}"))?;
    flows(&served)?;
    let mut bytes = fs::read(place.path("provider.wasm"))?;
    for replacements in 1..=3 {
        bytes.extend([0, 2, 1, b'x']);
        fs::write(place.path("provider.wasm.new"), &bytes)?;
        fs::rename(place.path("provider.wasm.new"), place.path("provider.wasm"))?;
        let before = count(&backend(&served, "sink")?["ledger"]["accepted"])?;
        ensure!(served.reload_as_it_is()?.is_none());
        let after = until_backend(&served, "sink", |it| it["replacements"] == replacements)?;
        ensure!(count(&after["ledger"]["accepted"])? >= before, "{after}");
        flows(&served)?;
    }
    // An unchanged configuration changes nothing.
    ensure!(served.reload_as_it_is()?.is_none());
    ensure!(backend(&served, "sink")?["replacements"] == 3);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let ledgers = ledgers(&end)?;
    let of = |source: &str, what: &str| {
        let ledger = ledgers.iter().find(|ledger| ledger["source"] == source);
        ledger.and_then(|ledger| ledger[what].as_u64())
    };
    // Each record of guests and the runner was accepted once, over all replacements.
    let all = of("guests", "delivered").zip(of("runner", "delivered"));
    ensure!(
        all.map(|(a, b)| a + b) == of("sink", "accepted"),
        "{ledgers:?}"
    );
    Ok(())
}

#[test]
fn changed_options_replace_the_backend() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&format!("{FLOOD}{SINK}"))?;
    flows(&served)?;
    for queue in [128, 1024, 4096] {
        ensure!(
            served
                .reload(&format!("{FLOOD}{SINK}queue_capacity = {queue}\n"))?
                .is_none()
        );
        let now = backend(&served, "sink")?;
        ensure!(
            now["queue_capacity"] == queue && now["state"] == "running",
            "{now}"
        );
        flows(&served)?;
        let queue_length = r#"solti_metrics_backend_queue_capacity{backend="sink"}"#;
        ensure!(served.sample(queue_length)? == f64::from(queue));
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ledgers(&end)?;
    Ok(())
}

#[test]
fn added_and_removed_backends_lose_no_scraped_count() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(FLOOD)?;
    flows(&served)?;
    let second = DOUBLE.replace("first", "second");
    let statsd = "[backends.lines]\nstatsd = { address = \"127.0.0.1:9\" }\n";
    let mut seen = BTreeMap::new();
    for more in [
        SINK.to_owned(),
        format!("{DOUBLE}{SINK}"),
        format!("{second}{DOUBLE}{SINK}{statsd}"),
        format!("{DOUBLE}{second}"),
        format!("{second}{statsd}"),
        String::new(),
    ] {
        let error = served.reload(&format!("{FLOOD}{more}"))?;
        ensure!(error.is_none(), "{error:?}");
        flows(&served)?;
        let page = served.page("/metrics")?;
        let answer = served.json("/api/backends")?;
        let rows = answer["backends"].as_array().context("rows")?;
        for name in ["sink", "first", "second", "lines"] {
            let there = rows.iter().any(|row| row["name"] == name);
            ensure!(there == more.contains(name), "{name}: {answer}");
            // The counters of a removed backend never go down.
            let series = format!("solti_metrics_records_accepted_total{{source=\"{name}\"}}");
            let now = value(&page, &series).unwrap_or_default();
            let before = seen.insert(name, now).unwrap_or_default();
            ensure!(now >= before && (now > 0.0 || !there), "{name}: {page}");
        }
    }
    // No middleware remains. After the last record, the delivered records of guests equal
    // the scraped ones.
    ensure!(served.reload("[tasks]\n")?.is_none());
    let answer = served.json("/api/backends")?;
    for source in ["guests", "runner"] {
        settled(&answer["ledgers"][source])?;
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ledgers(&end)?;
    Ok(())
}

#[test]
fn a_backend_that_cannot_start_leaves_the_old_one() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&format!("{FLOOD}{SINK}"))?;
    flows(&served)?;
    fs::rename(place.path("provider.wasm"), place.path("away"))?;
    let error = served.reload_as_it_is()?.unwrap_or_default();
    ensure!(
        error.contains("backend sink") && error.contains("the previous version stays in use"),
        "{error}"
    );
    flows(&served)?;
    let now = backend(&served, "sink")?;
    ensure!(
        now["state"] == "running" && now["replacements"] == 0,
        "{now}"
    );
    fs::rename(place.path("away"), place.path("provider.wasm"))?;
    ensure!(served.reload_as_it_is()?.is_none());
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ledgers(&end)?;
    Ok(())
}
