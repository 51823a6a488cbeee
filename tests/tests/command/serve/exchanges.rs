//! Backends and middlewares that come, go and change while records come.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::value;
use solti_metrics_tests::guests;
use solti_metrics_tests::served::Served;

use crate::serve::place::{Place, backend, count, settled, until, until_backend};
use crate::serve::stopping::books;

const FLOOD: &str = "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n";
const SINK: &str = "[backends.sink]\ncomponent = \"provider.wasm\"\n";
const DOUBLE: &str = "[[middlewares]]\nname = \"first\"\ncomponent = \"middleware.wasm\"\n";

fn place() -> Result<Place> {
    let place = Place::with(&[("flood.wasm", guests::flood()?)])?;
    for name in ["provider", "middleware"] {
        let file = format!("{name}.wasm");
        fs::copy(artifact(name, WASI), place.path(&file))?;
    }
    Ok(place)
}

/// Waits until the guest has recorded much more.
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
fn a_file_with_other_bytes_takes_the_place_and_the_ledger_goes_on() -> Result<()> {
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
    // As it is, nothing changes.
    ensure!(served.reload_as_it_is()?.is_none());
    ensure!(backend(&served, "sink")?["replacements"] == 3);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let books = books(&end)?;
    let of = |source: &str, what: &str| {
        let book = books.iter().find(|book| book["source"] == source);
        book.and_then(|book| book[what].as_u64())
    };
    // Whatever guests and the runner recorded was accepted once, over all replacements.
    let all = of("guests", "delivered").zip(of("runner", "delivered"));
    ensure!(
        all.map(|(a, b)| a + b) == of("sink", "accepted"),
        "{books:?}"
    );
    Ok(())
}

#[test]
fn other_options_exchange_the_backend() -> Result<()> {
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
        ensure!(now["queue"] == queue && now["state"] == "running", "{now}");
        flows(&served)?;
        let queue_length = r#"solti_metrics_backend_queue_capacity{backend="sink"}"#;
        ensure!(served.sample(queue_length)? == f64::from(queue));
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}

#[test]
fn who_comes_and_goes_loses_nothing_of_what_is_scraped() -> Result<()> {
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
            // What was counted once never becomes less, be it gone.
            let series = format!("solti_metrics_records_accepted_total{{source=\"{name}\"}}");
            let now = value(&page, &series).unwrap_or_default();
            let before = seen.insert(name, now).unwrap_or_default();
            ensure!(now >= before && (now > 0.0 || !there), "{name}: {page}");
        }
    }
    // Nothing stands between any more: once nobody records, what guests delivered is
    // what is scraped.
    ensure!(served.reload("[tasks]\n")?.is_none());
    let answer = served.json("/api/backends")?;
    for source in ["guests", "runner"] {
        settled(&answer["ledgers"][source])?;
    }
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}

#[test]
fn who_cannot_be_started_leaves_what_was_there() -> Result<()> {
    let place = place()?;
    let mut served = place.serve(&format!("{FLOOD}{SINK}"))?;
    flows(&served)?;
    fs::rename(place.path("provider.wasm"), place.path("away"))?;
    let error = served.reload_as_it_is()?.unwrap_or_default();
    ensure!(
        error.contains("backend sink") && error.contains("the previous one continues"),
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
    books(&end)?;
    Ok(())
}
