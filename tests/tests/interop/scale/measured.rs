//! The size of a runner's exposition.

use anyhow::{Result, ensure};
use solti_metrics_tests::exposition::samples;

use crate::scale::runner::Runner;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Samples of one scrape, equal to the number of series.
    pub(crate) series: u64,
    /// Bytes of the text.
    pub(crate) bytes: u64,
    /// Bytes of the answer in gzip.
    pub(crate) gzip: u64,
    /// Average length of a series' name with its labels, in bytes.
    pub(crate) name: f64,
    /// Average number of labels of a series, without its name.
    pub(crate) labels: f64,
}

impl Measured {
    /// The cost of one of `many` additions: the difference from `one`, divided by `many`.
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
