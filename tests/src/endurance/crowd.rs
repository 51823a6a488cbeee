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

/// How many want to know how it goes, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Scrapers, each with a connection of its own.
    pub scrapers: usize,
    /// From one scrape of one of them to its next.
    pub every: Duration,
    /// Connections that send a request a byte at a time.
    pub loris: usize,
}

/// How long tasks took while others looked on, and while nobody did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Crowd {
    /// Runs at a time, each of which wants a processor.
    pub places: usize,
    /// Those without anybody, before each turn of the others and after the last.
    pub quiet: Vec<Round>,
    /// For each interest, its rounds, one between each two quiet ones.
    pub crowded: Vec<(Interest, Vec<Round>)>,
    /// Files and sockets that were open before anybody came, and when all were gone.
    pub fds: (usize, usize),
    /// What wanted this machine's processors in the minute before, without this.
    pub load: f64,
}

impl Crowd {
    /// Has a runner work, and looks at so many runs of each round: of a quiet one, and
    /// of one for each interest, again and again.
    ///
    /// # Errors
    ///
    /// When it does not work, or somebody is not answered.
    pub fn run(rounds: usize, runs: usize, places: usize, interests: &[Interest]) -> Result<Self> {
        let load = load();
        let folder = tempfile::tempdir()?;
        let mut served = start(folder.path(), places)?;
        let mut quiet = Vec::new();
        let mut crowded: Vec<_> = interests.iter().map(|&it| (it, Vec::new())).collect();
        // Whatever is opened at the first answer is open from here on.
        Round::of(&mut served, runs)?;
        let before = Process::of(served.id())?.fds;
        for number in 0..rounds {
            quiet.push(Round::of(&mut served, runs)?);
            for turn in 0..crowded.len() {
                // Who comes first changes, so that whatever drifts is in all of them.
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
            places,
            quiet,
            crowded,
            fds: (before, after),
            load,
        })
    }
}

/// Those who look on, until they go.
struct Present {
    stop: Vec<Sender<()>>,
    scrapers: Vec<JoinHandle<Result<Vec<Duration>>>>,
    loris: JoinHandle<Result<usize>>,
}

impl Present {
    /// Returns when each has been answered once.
    fn come(address: SocketAddr, interest: Interest) -> Result<Self> {
        let (ready, answered) = channel();
        let (mut stop, mut scrapers) = (Vec::new(), Vec::new());
        for number in 0..interest.scrapers {
            let (stopped, until) = channel();
            let ready = ready.clone();
            let part = number as f64 / interest.scrapers as f64;
            let scraper = Scraper {
                address,
                every: interest.every,
                phase: interest.every.mul_f64(part),
            };
            // Hundreds of them, which need hardly any stack.
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
