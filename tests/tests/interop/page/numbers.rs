//! The page shows the values of `/metrics` and the JSON.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use solti_metrics_tests::page::{must_equal, samples};

use crate::page::Check;
use crate::page::browser::Browser;
use crate::page::server::{METRICS, Server};

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("each_number_is_that_of_the_metrics", every_number),
    ("a_change_is_shown_in_place", change),
    ("the_bars_of_the_ledger_add_up", bars),
    ("a_ledger_that_does_not_balance_says_so", unbalanced),
    ("quantiles_are_those_of_prometheus", quantiles),
    ("a_quantile_outside_the_bounds_is_the_bound", outside),
    ("an_empty_runner_is_shown_well", nothing),
];

/// The page with all details open: once for each runner type with a histogram.
pub(crate) fn everything(browser: &mut Browser) -> Result<Vec<String>> {
    browser.evaluate("document.getElementById('unfold').click()")?;
    let runners = "[...document.querySelectorAll('[data-runner]')].map(b => b.dataset.runner)";
    let runners = browser.evaluate(runners)?;
    let mut pages = vec![browser.dom()?];
    for runner in runners.as_array().context("runners")? {
        browser.evaluate(&format!(
            "[...document.querySelectorAll('[data-runner]')].find(b => b.dataset.runner === {runner}).click()"
        ))?;
        pages.push(browser.dom()?);
    }
    Ok(pages)
}

fn every_number(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    must_equal(&everything(browser)?, METRICS)?;
    let asked = server.asked();
    let metrics = asked.iter().find(|request| request.path == "/metrics");
    let accept = &metrics.context("no request")?.headers["accept"];
    ensure!(accept == "application/openmetrics-text; version=1.0.0");
    ensure!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    Ok(())
}

fn change(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    let before = r#"solti_metrics_task_runs_total{task="digest",outcome="success"} 8211"#;
    ensure!(METRICS.contains(before));
    let after = before.replace("8211", "18446744073709551615");
    let metrics = METRICS.replace(before, &after);
    let media = "application/openmetrics-text; version=1.0.0";
    server.put("/metrics", media, &metrics);
    browser.look_again()?;
    browser.wait("document.querySelector('[data-value=\"18446744073709551615\"]') !== null")?;
    must_equal(&everything(browser)?, &metrics)
}

/// Compares the segments of each ledger in the DOM with the samples.
fn bars(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.screen(1280, 1600, "light")?;
    browser.open(&server.url(), "live")?;
    let ledgers = browser.evaluate(
        "[...document.querySelectorAll('[data-ledger]')].map(li => ({ \
           source: li.dataset.ledger, balances: li.dataset.balances, mark: li.querySelector('.mark').textContent, \
           width: li.querySelector('.stack').clientWidth, \
           parts: [...li.querySelectorAll('[data-records]')].map(i => [i.dataset.part, i.dataset.records, i.getBoundingClientRect().width]) }))",
    )?;
    let accepted: BTreeMap<_, _> = samples(METRICS)?
        .into_iter()
        .filter(|(metric, _)| metric.starts_with("solti_metrics_records_accepted_total"))
        .collect();
    let ledgers = ledgers.as_array().context("ledgers")?;
    ensure!(ledgers.len() == accepted.len(), "{ledgers:#?}");
    for ledger in ledgers {
        let source = ledger["source"].as_str().context("source")?;
        let label = source
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let metric = format!("solti_metrics_records_accepted_total{{source=\"{label}\"}}");
        let whole: u64 = accepted.get(&metric).context(metric)?.parse()?;
        let (mut sum, mut widths) = (0_u64, 0.0);
        for part in ledger["parts"].as_array().context("parts")? {
            let records: u64 = part[1].as_str().context("records")?.parse()?;
            sum += records;
            widths += part[2].as_f64().context("width")?;
        }
        ensure!(sum == whole, "{source}: {sum} of {whole}");
        let room = ledger["width"].as_f64().context("width")?;
        // A pixel is between two segments.
        ensure!((widths - room).abs() < 16.0, "{widths} of {room}");
        ensure!(ledger["mark"] == "✓ balances", "{ledger}");
    }
    Ok(())
}

fn unbalanced(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let right = "solti_metrics_records_delivered_total{source=\"edge\"} 193484";
    ensure!(METRICS.contains(right));
    let wrong = METRICS.replace(right, &right.replace("193484", "193480"));
    server.put(
        "/metrics",
        "application/openmetrics-text; version=1.0.0",
        &wrong,
    );
    browser.open(&server.url(), "live")?;
    let ledger = browser.evaluate(
        "(li => [li.dataset.balances, li.querySelector('.mark').textContent, \
           li.querySelector('[data-part=missing]').dataset.records])(document.querySelector('[data-ledger=edge]'))",
    )?;
    ensure!(ledger == json!(["false", "⚠ off by 4", "4"]), "{ledger}");
    let others = "document.querySelectorAll('[data-balances=false]').length";
    ensure!(browser.evaluate(others)? == 1);
    Ok(())
}

/// Writes a histogram of two outcomes to `/metrics`: bounds, and the cumulative count of
/// each outcome.
fn put_histogram(server: &mut Server, buckets: &[(&str, u64, u64)], sum: &str) {
    let name = "solti_runner_task_duration_seconds";
    let mut metrics = format!("# TYPE {name} histogram\n");
    for (le, success, failure) in buckets {
        for (outcome, n) in [("success", success), ("failure", failure)] {
            metrics += &format!(
                "{name}_bucket{{runner=\"wasm\",outcome=\"{outcome}\",le=\"{le}\"}} {n}\n"
            );
        }
    }
    let (_, success, failure) = buckets.last().copied().unwrap_or_default();
    for (outcome, count) in [("success", success), ("failure", failure)] {
        metrics += &format!(
            "{name}_count{{runner=\"wasm\",outcome=\"{outcome}\"}} {count}\n{name}_sum{{runner=\"wasm\",outcome=\"{outcome}\"}} {sum}\n"
        );
    }
    metrics += "# EOF\n";
    server.put(
        "/metrics",
        "application/openmetrics-text; version=1.0.0",
        &metrics,
    );
}

/// Only the bound is known: tasks of 0.5 ms took less than 5 ms.
fn outside(browser: &mut Browser, server: &mut Server) -> Result<()> {
    for (buckets, sum, shown, marked) in [
        (
            [("0.01", 9, 1), ("3600.0", 9, 1), ("+Inf", 9, 1)],
            "0",
            ["≤ 10 ms", "≤ 10 ms", "< 1 ms"],
            "≤ 10 ms",
        ),
        (
            [("0.01", 0, 0), ("3600.0", 0, 0), ("+Inf", 9, 1)],
            "50000",
            ["> 1 h", "> 1 h", "2 h 46 m"],
            "> 1 h",
        ),
    ] {
        put_histogram(server, &buckets, sum);
        browser.open(&server.url(), "live")?;
        let facts = browser.evaluate(
            "['p50', 'p95', 'mean'].map(it => document.querySelector(`[data-fact=${it}]`).textContent)",
        )?;
        ensure!(facts == json!(shown), "{facts}");
        let bars = browser.evaluate(
            "[...document.querySelectorAll('.hist li')].filter(li => li.lastChild.textContent).map(li => [li.firstChild.textContent, li.lastChild.textContent])",
        )?;
        ensure!(bars == json!([[marked, "p50 p95"]]), "{bars}");
    }
    Ok(())
}

/// Counted by hand: five of ten values are at most 0.01, and nine at most 0.05.
fn quantiles(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let buckets = [
        ("0.01", 4, 1),
        ("0.05", 7, 2),
        ("1.0", 7, 3),
        ("+Inf", 7, 3),
    ];
    put_histogram(server, &buckets, "1");
    browser.open(&server.url(), "live")?;
    let fact = |name| format!("Number(document.querySelector('[data-fact={name}]').dataset.exact)");
    let p50 = browser.evaluate(&fact("p50"))?.as_f64().context("p50")?;
    let p95 = browser.evaluate(&fact("p95"))?.as_f64().context("p95")?;
    ensure!((p50 - 0.01).abs() < 1e-9, "{p50}");
    ensure!((p95 - (0.05 + 0.95 * 0.5)).abs() < 1e-9, "{p95}");
    Ok(())
}

fn nothing(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let json = "application/json";
    let mut tasks: serde_json::Value = serde_json::from_str(crate::page::server::TASKS)?;
    tasks["tasks"] = json!([]);
    server.put("/api/tasks", json, &tasks.to_string());
    let backends = json!({"schema": "solti-metrics/backends@1", "backends": [], "ledgers": {}});
    server.put("/api/backends", json, &backends.to_string());
    server.put(
        "/metrics",
        "application/openmetrics-text; version=1.0.0",
        "# EOF\n",
    );
    browser.open(&server.url(), "live")?;
    let said = browser.evaluate("document.body.innerText")?;
    let said = said.as_str().context("text")?;
    for words in [
        "No tasks are configured",
        "No backends in addition to",
        "No task has ended yet",
        "No records yet",
    ] {
        ensure!(said.contains(words), "{words}: {said}");
    }
    ensure!(
        !said.contains("NaN") && !said.contains("undefined"),
        "{said}"
    );
    Ok(())
}
