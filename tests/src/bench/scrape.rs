//! Cost of scrapes of a server with many tasks, in CPU time of the server, which has a
//! process of its own.

mod encoded;
mod server;

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::Result;
use crate::endurance::Scraper;
use crate::http::ask;

pub(super) use server::{SERVE, serve};

use server::Served;

/// Cost of scrapes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scrapes {
    /// A single scraper, by the number of tasks.
    pub(crate) by_tasks: Vec<Scraped>,
    /// Number of scrapers that scrape once a second each.
    pub(crate) scrapers: usize,
    /// CPU time for their answers, as a share of all processors.
    pub(crate) share: f64,
}

/// A scrape of a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scraped {
    /// Number of tasks in the configuration.
    pub(crate) tasks: usize,
    /// Number of samples in the answer.
    pub(crate) samples: usize,
    /// Bytes of the answer before compression.
    pub(crate) bytes: usize,
    /// CPU time of the server for a scrape that needs a new page, without compression, in
    /// milliseconds.
    pub(crate) ms: f64,
    /// The same with gzip, as Prometheus asks.
    pub(crate) gzip_ms: f64,
    /// CPU time of `prometheus-client` to encode the same samples, in milliseconds.
    pub(crate) encoded_ms: f64,
}

/// Sizes up to which scrapes are measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interest {
    /// Maximum number of tasks.
    pub(super) tasks: usize,
    /// Number of concurrent scrapers.
    pub(super) scrapers: usize,
    /// Time for which each server is measured, with and without scrapes.
    pub(super) time: Duration,
}

/// Numbers of tasks.
const TASKS: [usize; 3] = [10, 100, 1_000];

/// Time between two scrapes of the single scraper: longer than the server keeps a page.
const FRESH: Duration = Duration::from_millis(300);

/// Time between two scrapes of each of many scrapers.
const EVERY: Duration = Duration::from_secs(1);

/// Measures servers with ten tasks, a hundred tasks, and so on.
pub(super) fn measure(interest: Interest, cores: usize) -> Result<Scrapes> {
    let mut by_tasks = Vec::new();
    for tasks in TASKS.into_iter().filter(|tasks| *tasks <= interest.tasks) {
        let server = Served::start(tasks)?;
        let text = ask(server.address, "GET", "/metrics", "")?.body;
        let idle = idle(&server, interest.time)?;
        let ms = |gzip| -> Result<f64> {
            let used = used(&server, 1, gzip, FRESH, interest.time)?;
            Ok(1e3 * (used.cpu - idle * used.seconds) / used.scrapes as f64)
        };
        by_tasks.push(Scraped {
            tasks,
            samples: encoded::samples(&text).count(),
            bytes: text.len(),
            ms: ms(false)?,
            gzip_ms: ms(true)?,
            encoded_ms: 1e3 * encoded::again(&text)?,
        });
    }
    let server = Served::start(TASKS[0])?;
    let idle = idle(&server, interest.time)?;
    let used = used(&server, interest.scrapers, true, EVERY, interest.time)?;
    Ok(Scrapes {
        by_tasks,
        scrapers: interest.scrapers,
        share: (used.cpu / used.seconds - idle) / cores as f64,
    })
}

/// CPU time of the server without a scraper, in seconds for each second.
fn idle(server: &Served, time: Duration) -> Result<f64> {
    let (before, begun) = (server.cpu()?, Instant::now());
    pass(time);
    Ok((server.cpu()? - before) / begun.elapsed().as_secs_f64())
}

/// Consumption of a server.
struct Used {
    /// CPU time, in seconds.
    cpu: f64,
    /// Elapsed time, in seconds.
    seconds: f64,
    /// Number of answers.
    scrapes: usize,
}

/// CPU time of the server with these scrapers. They connect, and scrape once, before the
/// measurement.
fn used(
    server: &Served,
    scrapers: usize,
    gzip: bool,
    every: Duration,
    time: Duration,
) -> Result<Used> {
    let (ready, answered) = channel();
    thread::scope(|scope| {
        let (mut stop, mut running) = (Vec::new(), Vec::new());
        for number in 0..scrapers {
            let (stopped, until) = channel();
            let ready = ready.clone();
            // The scrapes of a scraper are between those of the others.
            let phase = every.mul_f64((number + 1) as f64 / scrapers as f64);
            let scraper = Scraper {
                address: server.address,
                gzip,
                every,
                phase,
            };
            running.push(scope.spawn(move || scraper.run(&ready, &until)));
            stop.push(stopped);
        }
        drop(ready);
        let here = answered.iter().take(scrapers).count();
        let (before, begun) = (server.cpu()?, Instant::now());
        pass(time);
        let (seconds, after) = (begun.elapsed().as_secs_f64(), server.cpu()?);
        drop(stop);
        let mut scrapes = 0;
        for scraper in running {
            let took = scraper.join().map_err(|_| "a scraper panicked")?;
            scrapes += took?.len();
        }
        if here < scrapers || scrapes == 0 {
            return Err(format!("{here} scrapers were answered, {scrapes} times").into());
        }
        Ok(Used {
            cpu: after - before,
            seconds,
            scrapes,
        })
    })
}

/// Lets the time of a measurement pass, without load from this thread.
fn pass(time: Duration) {
    let (_open, never) = channel::<()>();
    let _ = never.recv_timeout(time);
}
