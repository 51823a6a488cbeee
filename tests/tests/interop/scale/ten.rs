//! Ten runners, and a real Prometheus.

use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::prometheus::{Job, Prometheus};

use crate::scale::arithmetic::{about, predicted, whole};
use crate::scale::measured::Measured;
use crate::scale::page;
use crate::scale::runner::{Plan, Runner};

const RUNNERS: usize = 10;

pub(crate) fn scraped(program: &Path) -> Result<()> {
    let start = |_| Runner::start(Plan::USUAL);
    let runners = (0..RUNNERS).map(start).collect::<Result<Vec<_>>>()?;
    let addresses = runners.iter().map(Runner::address);
    let addresses = addresses.collect::<Result<Vec<_>>>()?;
    let one = Measured::of(&runners[0])?;
    let prometheus = Prometheus::start(program, &[Job::runners(&addresses)])?;

    let all = RUNNERS as f64;
    let up = prometheus.until("sum(up)", |up| up == all)?;
    let samples = prometheus.until("sum(scrape_samples_scraped)", |samples| {
        samples == all * one.series as f64
    })?;
    let head = prometheus.own("prometheus_tsdb_head_series")?;
    let predicted = predicted(RUNNERS as u64, &one);
    let mut table = "| | Predicted | Measured |\n|---|--:|--:|\n".to_owned();
    for (what, predicted, measured) in [
        ("Runners that are up", RUNNERS as u64, up),
        ("Series in the head", predicted, head),
        (
            "Samples of one scrape of all runners",
            RUNNERS as u64 * one.series,
            samples,
        ),
    ] {
        ensure!(
            predicted as f64 == measured,
            "{what}: {measured}, not {predicted}"
        );
        let [predicted, measured] = [predicted, measured as u64].map(whole);
        table += &format!("| {what} | {predicted} | {measured} |\n");
    }
    let mut sent = 0;
    for runner in &runners {
        sent += runner.in_gzip()?;
    }
    let predicted = about(all * one.gzip as f64);
    let measured = about(sent as f64);
    table += &format!("| Bytes of that scrape in gzip | {predicted} | {measured} |\n");
    page::must_have("ten runners", &table)
}
