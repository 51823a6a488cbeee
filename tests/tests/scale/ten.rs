//! Ten runners, and a real Prometheus.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics::Exposition;
use solti_metrics_tests::child::GUARD;
use solti_metrics_tests::prometheus::{Job, Prometheus};

use crate::arithmetic::{predicted, whole};
use crate::measured::Measured;
use crate::page;
use crate::runner::{Plan, Runner};
use crate::targets::{Scrape, Targets};

const RUNNERS: usize = 10;

pub(crate) fn scraped(program: &Path) -> Result<()> {
    let one = Measured::of(&Runner::start(Plan::USUAL)?.exposition()?)?;
    let targets = Targets::start(RUNNERS)?;
    let prometheus = Prometheus::start(program, &[Job::runners(&targets.addresses)])?;
    let scrape = each_twice(&targets)?;
    ensure!(scrape.exposition == Exposition::OpenMetrics && scrape.gzip);

    let samples = prometheus.until("sum(scrape_samples_scraped)", |samples| {
        samples == RUNNERS as f64 * one.series as f64
    })?;
    let up = prometheus.until("sum(up)", |up| up == RUNNERS as f64)?;
    let head = prometheus.own("prometheus_tsdb_head_series")?;
    let predicted = predicted(RUNNERS as u64, &one);
    ensure!(
        head == predicted as f64,
        "{head} series, {predicted} predicted"
    );

    let rows = [
        ("runners that are up", RUNNERS as u64, up as u64),
        ("series in the head", predicted, head as u64),
        (
            "samples of all scrapes",
            RUNNERS as u64 * one.series,
            samples as u64,
        ),
        (
            "bytes that one scrape sent, in gzip",
            one.gzip,
            scrape.bytes,
        ),
    ];
    let mut table = "| | predicted | measured |\n|---|--:|--:|\n".to_owned();
    for (what, predicted, measured) in rows {
        ensure!(predicted == measured, "{what}: {measured}, not {predicted}");
        let [predicted, measured] = [predicted, measured].map(whole);
        table += &format!("| {what} | {predicted} | {measured} |\n");
    }
    page::must_have("ten runners", &table)
}

/// Waits until each was scraped twice: the first scrape is stored by then. Returns the
/// last one.
fn each_twice(targets: &Targets) -> Result<Scrape> {
    let mut scraped = vec![0; targets.addresses.len()];
    loop {
        let scrape = targets.scrapes.recv_timeout(GUARD);
        let scrape = scrape.context("a runner was not scraped")?;
        scraped[scrape.target] += 1;
        if scraped.iter().all(|times| *times >= 2) {
            return Ok(scrape);
        }
    }
}
