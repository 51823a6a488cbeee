//! Times of single records, as distributions.
//!
//! A record is shorter than a look at the clock. So each thread looks at the clock after
//! each record, and the time between two looks is a sample: a record and a look. The rows
//! of the clock alone show the time of a look.

mod modes;
mod stamps;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use hdrhistogram::Histogram;

pub(crate) use modes::Mode;
pub(super) use modes::looking;

use super::Result;
use modes::Recorder;

/// The times of one mode with a number of threads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Latency {
    /// The recording mode.
    pub(crate) mode: Mode,
    /// Number of threads that record into one backend, each from a guest of its own or from
    /// native code.
    pub(crate) threads: usize,
    /// Times without a scrape.
    pub(crate) quiet: Times,
    /// Times while another thread scrapes the backend without a pause. The clock alone has
    /// none.
    pub(crate) scraped: Option<Times>,
    /// Records that found the queue full.
    pub(crate) lost: u64,
}

/// A distribution of times, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Times {
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) longest: u64,
}

impl Times {
    /// The distribution of samples in nanoseconds.
    pub(super) fn of(samples: impl IntoIterator<Item = u64>) -> Result<Self> {
        let mut histogram = Histogram::<u64>::new(3)?;
        for sample in samples {
            histogram.record(sample)?;
        }
        Ok(Self {
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            longest: histogram.max(),
        })
    }
}

/// Numbers of threads.
const THREADS: [usize; 3] = [1, 2, 8];

/// Measures each mode with `records` records of each thread.
pub(super) fn measure(records: u32) -> Result<Vec<Latency>> {
    let mut all = Vec::new();
    for threads in THREADS {
        for mode in Mode::ALL {
            let mut latency = Latency {
                mode,
                threads,
                quiet: of(mode, threads, records, false, &mut 0)?,
                scraped: None,
                lost: 0,
            };
            if mode.has_backend() {
                let mut lost = 0;
                latency.scraped = Some(of(mode, threads, records, true, &mut lost)?);
                latency.lost = lost;
            }
            all.push(latency);
        }
    }
    Ok(all)
}

/// The times of all threads together. Adds the records that were lost.
fn of(mode: Mode, threads: usize, records: u32, scraped: bool, lost: &mut u64) -> Result<Times> {
    let recorder = Recorder::new(mode)?;
    let over = AtomicBool::new(false);
    let together = Barrier::new(threads);
    let one = || {
        let records = recorder.records(records);
        together.wait();
        records?()
    };
    let samples = thread::scope(|scope| {
        let scraper = scraped.then(|| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    recorder.scrape()?;
                }
                Ok(())
            })
        });
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let samples: Vec<Result<Vec<u32>>> = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread panicked")?)
            .collect();
        over.store(true, Ordering::Relaxed);
        if let Some(scraper) = scraper {
            let ended: Result<()> = scraper.join().map_err(|_| "the scraper panicked")?;
            ended?;
        }
        samples.into_iter().collect::<Result<Vec<_>>>()
    })?;
    *lost += recorder.lost();
    Times::of(samples.into_iter().flatten().map(u64::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_samples() -> Result<()> {
        let times = Times::of(1..=1_000)?;
        let expected = Times {
            p50: 500,
            p99: 990,
            p999: 999,
            longest: 1_000,
        };
        assert_eq!(times, expected);
        Ok(())
    }

    #[test]
    fn each_record_of_each_mode_is_a_sample() -> Result<()> {
        const RECORDS: u32 = 1_500;
        for mode in Mode::ALL {
            let recorder = Recorder::new(mode)?;
            let samples = recorder.records(RECORDS)?()?;
            assert_eq!(samples.len(), RECORDS as usize, "{mode:?}");
            recorder.scrape()?;
            assert_eq!(recorder.lost(), 0, "{mode:?}");
        }
        Ok(())
    }

    #[test]
    fn threads_are_measured_together_while_the_backend_is_scraped() -> Result<()> {
        let latencies = measure(300)?;
        assert_eq!(latencies.len(), THREADS.len() * Mode::ALL.len());
        for latency in latencies {
            assert_eq!(latency.scraped.is_some(), latency.mode.has_backend());
        }
        Ok(())
    }
}
