//! What there is in an exposition, whoever made it.

use std::io::Write as _;

use anyhow::{Result, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// Samples of one scrape, which are as many series.
    pub(crate) series: u64,
    /// Of the text.
    pub(crate) bytes: u64,
    /// Of the text in gzip, at its usual level.
    pub(crate) gzip: u64,
    /// Bytes of a series' name with its labels, on average.
    pub(crate) name: f64,
    /// Labels of a series, on average, without its name.
    pub(crate) labels: f64,
}

impl Measured {
    /// Of an exposition, be it OpenMetrics or text 0.0.4.
    pub(crate) fn of(exposition: &str) -> Result<Self> {
        let samples = exposition.lines().filter(|line| !line.starts_with('#'));
        let (mut series, mut name, mut labels) = (0_u64, 0, 0);
        for sample in samples.filter(|line| !line.is_empty()) {
            let of = sample.rsplit_once(' ').map_or(sample, |(of, _)| of);
            series += 1;
            name += of.len();
            labels += of.matches("=\"").count();
        }
        ensure!(series > 0, "an exposition of nothing");
        let average = |sum: usize| sum as f64 / series as f64;
        Ok(Self {
            series,
            bytes: exposition.len() as u64,
            gzip: gzip(exposition)?.len() as u64,
            name: average(name),
            labels: average(labels),
        })
    }
}

/// In gzip, at its usual level.
pub(crate) fn gzip(text: &str) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?)
}
