use super::growth::{Extent, Growth};
use super::limit::{LIMITS, Quotient, Verdict};
use super::machine::Machine;
use super::note::note;
use super::options::Options;
use super::row::{Group, Unit};
use super::rows::rows;
use super::{Result, Spread, turns};

/// What a run found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    /// Where and when.
    pub(crate) machine: Machine,
    /// How many turns each row took.
    pub(crate) rounds: usize,
    /// How many records one turn's call makes.
    pub(crate) records: u32,
    /// Each row, in order.
    pub(crate) rows: Vec<Measured>,
    /// How cost grows.
    pub(crate) growth: Growth,
}

/// A row, and its nanoseconds.
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
    /// Nanoseconds of CPU time for one of its unit.
    pub(crate) ns: Spread,
}

/// Records in one call of a guest's `main`.
const RECORDS: u32 = 10_000;

/// Bytes from which on a component is a large one.
const LARGE: usize = 10 << 20;

/// How often so many guests at once are measured; the best counts.
const ATTEMPTS: usize = 9;

/// How often each row is set up.
const PLACES: usize = 5;

impl Run {
    pub(super) fn of(options: &Options) -> Result<Self> {
        // Before anything here makes the machine busy.
        let machine = Machine::here();
        let extent = match options.full {
            true => Extent {
                guests: 8,
                attempts: ATTEMPTS,
                tasks: 100_000,
                bytes: usize::MAX,
            },
            false => Extent {
                guests: 2,
                attempts: ATTEMPTS,
                tasks: 1_000,
                bytes: 100 << 10,
            },
        };
        note("measuring guests, tasks and components");
        let growth = Growth::measure(&extent)?;
        note(&format!("measuring rows, {} rounds", options.rounds));
        let mut rows = rows(RECORDS, PLACES)?;
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
        })
    }

    /// The median of a row, in nanoseconds.
    #[must_use]
    pub(crate) fn median(&self, name: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        Some(row.ns.median)
    }

    /// What became of each limit of which both figures were measured.
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
        };
        Some(Verdict {
            limit,
            ratio,
            not_judged,
        })
    }
}
