use std::time::Duration;

use super::compile::{self, Compiled, Which};
use super::delay::{self, Delay, Records};
use super::growth::{Extent, Growth};
use super::latency::{self, Latency, Mode};
use super::limit::{LIMITS, Quotient};
use super::machine::Machine;
use super::note::note;
use super::options::Options;
use super::row::{Group, Unit};
use super::rows::rows;
use super::scrape::{self, Interest, Scrapes};
use super::{Result, Spread, Verdict, switches, turns};

/// The results of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    /// The machine and the date.
    pub(crate) machine: Machine,
    /// Number of turns of each row.
    pub(crate) rounds: usize,
    /// Number of records in one call.
    pub(crate) records: u32,
    /// Each row, in order.
    pub(crate) rows: Vec<Measured>,
    /// Growth of cost.
    pub(crate) growth: Growth,
    /// Compilations of large components.
    pub(crate) compiled: Vec<Compiled>,
    /// Context switches of a run through the engine.
    pub(crate) switches: f64,
    /// Scrapes of a server.
    pub(crate) scrapes: Scrapes,
    /// Times of single records.
    pub(crate) latency: Vec<Latency>,
    /// Delays of records.
    pub(crate) delays: Vec<Delay>,
}

/// A row and its times.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// [`Row::name`](super::Row::name).
    pub(crate) name: &'static str,
    /// [`Row::group`](super::Row::group).
    pub(crate) group: Group,
    /// [`Row::unit`](super::Row::unit).
    pub(crate) unit: Unit,
    /// [`Row::about`](super::Row::about).
    pub(crate) about: &'static str,
    /// CPU time of one unit, in nanoseconds.
    pub(crate) ns: Spread,
}

/// Records in one call of a guest's `main`.
const RECORDS: u32 = 10_000;

/// Minimum size of a large component, in bytes.
const LARGE: usize = 10 << 20;

/// Number of attempts with each number of concurrent guests. The best attempt counts.
const ATTEMPTS: usize = 9;

/// Number of copies of each row.
const COPIES: usize = 5;

/// Functions of the large guest. With so many, the host compiles a component without
/// inlining.
const FUNCTIONS: usize = 60_000;

/// Tasks of the largest server that is scraped.
const TASKS: usize = 1_000;

/// Number of scrapers of the limit.
const SCRAPERS: usize = 200;

/// Runs whose context switches are counted.
const RUNS: u32 = 2_000;

/// Sizes of the parts of a run that are not rows.
struct Sizes {
    growth: Extent,
    compiled: Which,
    scrapes: Interest,
    /// Records of each thread whose latencies are measured.
    records: u32,
    delays: Records,
}

impl Sizes {
    /// The documented sizes.
    fn full() -> Self {
        Self {
            growth: Extent {
                guests: 8,
                attempts: ATTEMPTS,
                tasks: 100_000,
                bytes: usize::MAX,
            },
            compiled: Which::Large,
            scrapes: Interest {
                tasks: TASKS,
                scrapers: SCRAPERS,
                time: Duration::from_secs(6),
            },
            records: 1_000_000,
            delays: Records {
                many: 1_000_000,
                few: 400,
            },
        }
    }

    /// Sizes for a run of seconds.
    fn short() -> Self {
        Self {
            growth: Extent {
                guests: 2,
                attempts: ATTEMPTS,
                tasks: 1_000,
                bytes: 100 << 10,
            },
            compiled: Which::Small,
            scrapes: Interest {
                tasks: 10,
                scrapers: 20,
                time: Duration::from_secs(2),
            },
            records: 20_000,
            delays: Records {
                many: 20_000,
                few: 20,
            },
        }
    }
}

impl Run {
    pub(super) fn of(options: &Options) -> Result<Self> {
        // The load is read before the measurements raise it.
        let machine = Machine::here();
        let sizes = match options.full {
            true => Sizes::full(),
            false => Sizes::short(),
        };
        note("counting context switches");
        // Nothing else runs in this process yet.
        let switches = switches::of_each_run(RUNS)?;
        note("compiling large components");
        let compiled = compile::measure(sizes.compiled)?;
        note("measuring scrapes");
        let scrapes = scrape::measure(sizes.scrapes, machine.cores)?;
        note("measuring single records");
        let latency = latency::measure(sizes.records)?;
        let delays = delay::measure(sizes.delays)?;
        note("measuring guests, tasks and components");
        let growth = Growth::measure(&sizes.growth)?;
        note(&format!("measuring rows, {} rounds", options.rounds));
        let mut rows = rows(RECORDS, COPIES, FUNCTIONS)?;
        let spreads = turns::interleaved(&mut rows, options.rounds)?;
        let measured = rows.into_iter().zip(spreads).map(|(row, ns)| Measured {
            name: row.name,
            group: row.group,
            unit: row.unit,
            about: row.about,
            ns,
        });
        Ok(Self {
            machine,
            rounds: options.rounds,
            records: RECORDS,
            rows: measured.collect(),
            growth,
            compiled,
            switches,
            scrapes,
            latency,
            delays,
        })
    }

    /// The median of a row, in nanoseconds.
    #[must_use]
    pub(crate) fn median(&self, name: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        Some(row.ns.median)
    }

    /// Times of single records of one thread.
    fn single(&self, mode: Mode) -> Option<&Latency> {
        let mut alone = self.latency.iter().filter(|latency| latency.threads == 1);
        alone.find(|latency| latency.mode == mode)
    }

    /// The verdict on each limit whose two figures were measured.
    #[must_use]
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let verdict = |limit| self.verdict(limit);
        LIMITS.into_iter().filter_map(verdict).collect()
    }

    fn verdict(&self, limit: super::Limit) -> Option<Verdict> {
        let mut not_judged = None;
        let ratio = match limit.quotient {
            Quotient::Rows(of, over) => self.median(of)? / self.median(over)?,
            Quotient::Cores => {
                not_judged = self.machine.too_busy();
                self.growth.guests.two_over_one()?
            }
            Quotient::CachedStart => {
                let largest = self.growth.components.last()?;
                if largest.bytes < LARGE {
                    not_judged = Some("no component was large".to_owned());
                }
                largest.load.as_secs_f64() / largest.compile.as_secs_f64()
            }
            Quotient::CompileMemory | Quotient::CompileTime => {
                let largest = self.compiled.iter().max_by_key(|it| it.bytes)?;
                if largest.bytes < LARGE {
                    not_judged = Some("no component was large".to_owned());
                }
                match limit.quotient {
                    Quotient::CompileTime => largest.time_ratio(),
                    _ => {
                        let ratios = self.compiled.iter().map(Compiled::memory_ratio);
                        ratios.reduce(f64::max)?
                    }
                }
            }
            Quotient::EngineSwitches => {
                // Other programs interrupt the threads of a run.
                not_judged = self.machine.too_busy();
                self.switches
            }
            Quotient::ScrapeShare => {
                if self.scrapes.scrapers < SCRAPERS {
                    not_judged = Some(format!("there were fewer than {SCRAPERS} scrapers"));
                }
                self.scrapes.share
            }
            Quotient::Scrape => {
                let most = self.scrapes.by_tasks.last()?;
                if most.tasks < TASKS {
                    not_judged = Some(format!("no server had {TASKS} tasks"));
                }
                most.ms / most.encoded_ms
            }
            Quotient::SingleRecord => {
                let alone = self.single(Mode::GuestClock)?.quiet;
                self.single(Mode::Inline)?.quiet.p50 as f64 / alone.p50 as f64
            }
            Quotient::ScrapedRecord => {
                not_judged = self.machine.too_busy();
                let single = self.single(Mode::Inline)?;
                single.scraped?.p99 as f64 / single.quiet.p99 as f64
            }
        };
        Some(Verdict {
            limit,
            ratio,
            not_judged,
        })
    }
}
