//! What there is in a runner's exposition.

use anyhow::{Result, ensure};
use solti_metrics_tests::exposition::samples;

use crate::scale::runner::Runner;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Samples of one scrape, which are as many series.
    pub(crate) series: u64,
    /// Of the text.
    pub(crate) bytes: u64,
    /// Of what is sent of it, in gzip.
    pub(crate) gzip: u64,
    /// Bytes of a series' name with its labels, on average.
    pub(crate) name: f64,
    /// Labels of a series, on average, without its name.
    pub(crate) labels: f64,
}

impl Measured {
    /// What each of so many has that this one has more than that one.
    pub(crate) fn more_than(&self, one: &Self, many: u64) -> Self {
        let each = |of: fn(&Self) -> u64| of(self).saturating_sub(of(one)) / many;
        Self {
            series: each(|it| it.series),
            bytes: each(|it| it.bytes),
            gzip: each(|it| it.gzip),
            ..*self
        }
    }

    pub(crate) fn of(runner: &Runner) -> Result<Self> {
        let exposition = runner.exposition()?;
        let (mut series, mut name, mut labels) = (0_u64, 0, 0);
        for sample in samples(&exposition)? {
            series += 1;
            name += sample.series.len();
            labels += sample.labels.len();
        }
        ensure!(series > 0, "an exposition of nothing");
        let average = |sum: usize| sum as f64 / series as f64;
        Ok(Self {
            series,
            bytes: exposition.len() as u64,
            gzip: runner.in_gzip()?,
            name: average(name),
            labels: average(labels),
        })
    }
}
