use super::growth::{Extent, Growth};
use super::limit::{LIMITS, Quotient, Verdict};
use super::machine::Machine;
use super::note::note;
use super::options::Options;
use super::row::{Group, Unit};
use super::rows::rows;
use super::{Result, Spread, turns};

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

impl Run {
    pub(super) fn of(options: &Options) -> Result<Self> {
        // The load is read before the measurements raise it.
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
        let mut rows = rows(RECORDS, COPIES)?;
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
        };
        Some(Verdict {
            limit,
            ratio,
            not_judged,
        })
    }
}
