use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use super::loris::loris;
use super::process::{Process, load};
use super::round::{Round, start};
use super::scraper::Scraper;

/// The load from clients of `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Number of scrapers, each with its own connection.
    pub scrapers: usize,
    /// Time between two scrapes of a scraper.
    pub every: Duration,
    /// Number of connections that send a request a byte at a time.
    pub loris: usize,
}

/// Times of tasks, with and without clients.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Crowd {
    /// Number of concurrent runs. Each run needs a processor.
    pub slots: usize,
    /// Rounds without clients: one before each round with clients, and one at the end.
    pub quiet: Vec<Round>,
    /// The rounds of each interest. Each is between two quiet rounds.
    pub crowded: Vec<(Interest, Vec<Round>)>,
    /// Open files and sockets, before the first client and after the last one.
    pub fds: (usize, usize),
    /// Load of this machine in the minute before the measurement.
    pub load: f64,
}

impl Crowd {
    /// Starts a runner and observes `runs` runs in each round. A quiet round and a round
    /// of an interest take turns.
    ///
    /// # Errors
    ///
    /// When the runner does not work, or a client gets no answer.
    pub fn run(rounds: usize, runs: usize, slots: usize, interests: &[Interest]) -> Result<Self> {
        let load = load();
        let folder = tempfile::tempdir()?;
        let mut served = start(folder.path(), slots)?;
        let mut quiet = Vec::new();
        let mut crowded: Vec<_> = interests.iter().map(|&it| (it, Vec::new())).collect();
        // The first answer opens files that stay open. The count starts after it.
        Round::of(&mut served, runs)?;
        let before = Process::of(served.id())?.fds;
        for number in 0..rounds {
            quiet.push(Round::of(&mut served, runs)?);
            for turn in 0..crowded.len() {
                // The order of the interests rotates, so that a drift affects all
                // interests.
                let turn = (turn + number) % interests.len();
                let (interest, rounds) = &mut crowded[turn];
                let present = Present::come(served.address()?, *interest)?;
                let mut round = Round::of(&mut served, runs)?;
                present.go(&mut round)?;
                rounds.push(round);
            }
        }
        quiet.push(Round::of(&mut served, runs)?);
        let after = served.until("the sockets of those who are gone are closed", |served| {
            let now = Process::of(served.id())?.fds;
            Ok((now <= before).then_some(now))
        })?;
        let end = served.stop()?;
        ensure!(end.code == Some(0), "{end}");
        Ok(Self {
            slots,
            quiet,
            crowded,
            fds: (before, after),
            load,
        })
    }
}

/// The present clients, until they leave.
struct Present {
    stop: Vec<Sender<()>>,
    scrapers: Vec<JoinHandle<Result<Vec<Duration>>>>,
    loris: JoinHandle<Result<usize>>,
}

impl Present {
    /// Returns when each client has one answer.
    fn come(address: SocketAddr, interest: Interest) -> Result<Self> {
        let (ready, answered) = channel();
        let (mut stop, mut scrapers) = (Vec::new(), Vec::new());
        for number in 0..interest.scrapers {
            let (stopped, until) = channel();
            let ready = ready.clone();
            let part = number as f64 / interest.scrapers as f64;
            let scraper = Scraper {
                address,
                gzip: true,
                every: interest.every,
                phase: interest.every.mul_f64(part),
            };
            // Hundreds of threads, which need little stack.
            let thread = Builder::new().stack_size(256 << 10);
            scrapers.push(thread.spawn(move || scraper.run(&ready, &until))?);
            stop.push(stopped);
        }
        drop(ready);
        let (stopped, until) = channel();
        let loris = std::thread::spawn(move || loris(address, interest.loris, &until));
        stop.push(stopped);
        let answered = answered.iter().take(interest.scrapers).count();
        let present = Self {
            stop,
            scrapers,
            loris,
        };
        if answered < interest.scrapers {
            present.go(&mut Round::default())?;
            return Err(anyhow!("only {answered} scrapers were answered"));
        }
        Ok(present)
    }

    fn go(self, round: &mut Round) -> Result<()> {
        drop(self.stop);
        for scraper in self.scrapers {
            let took = scraper.join().map_err(|_| anyhow!("a scraper panicked"))?;
            let took = took.context("a scraper was not answered")?;
            round
                .scrapes_ms
                .extend(took.iter().map(|it| it.as_secs_f64() * 1e3));
        }
        let closed = self.loris.join().map_err(|_| anyhow!("it panicked"))?;
        round.closed = closed.context("a slow connection")?;
        Ok(())
    }
}
