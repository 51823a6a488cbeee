//! Rounds of a vector, and the growth of linear memory.

use std::time::Instant;

use super::growth::Growth;
use super::session::VectorSession;
use super::vector_end::VectorEnd;
use crate::term::Term;
use crate::vector::{FEWEST_ROUNDS, GrowthUnit, VectorStep};

/// Maximum factor for the number of rounds. More rounds distinguish a leak from a heap that
/// settles late.
const MAX_ROUNDS_FACTOR: usize = 32;

/// Factor for the time budget of rounds.
const TIME_FACTOR: u32 = 4;

/// Steps that are repeated, with a measurement of memory after each round.
pub(super) struct Rounds<'a> {
    pub(super) times: usize,
    /// Unit of the growth.
    pub(super) unit: GrowthUnit,
    /// Maximum growth for each unit, in bytes.
    pub(super) most: u32,
    pub(super) steps: &'a [VectorStep],
}

impl Rounds<'_> {
    pub(super) async fn run(&self, session: &mut VectorSession<'_>) -> Result<(), VectorEnd> {
        let start = Instant::now();
        session.allow(session.options().budget.saturating_mul(TIME_FACTOR));
        let mut growth = Growth::new(self.unit, session.instance.status().memory_bytes);
        let end = self.grow(session, &mut growth, start).await;
        session.growth = Some(growth);
        end
    }

    async fn grow(
        &self,
        session: &mut VectorSession<'_>,
        growth: &mut Growth,
        start: Instant,
    ) -> Result<(), VectorEnd> {
        let options = session.options();
        let memory = session.rules.memory as u64;
        let leak =
            |growth: &Growth| Err(VectorEnd::Wrong(growth.fault(self.most, memory, options)));
        let mut goal = self.times;
        loop {
            let before = self.units(session);
            let end = self.round(session).await;
            let units = self.units(session) - before;
            match end {
                Ok(()) => growth.add(units, session.instance.status().memory_bytes),
                Err(VectorEnd::Stopped(stop, when)) if stop.out_of_memory() => {
                    growth.fill(units, memory);
                    return if growth.slope() > f64::from(self.most) {
                        leak(growth)
                    } else {
                        Err(VectorEnd::Stopped(stop, when))
                    };
                }
                end => return end,
            }
            let grows = growth.slope() > f64::from(self.most);
            let late = session.is_late() || (!grows && start.elapsed() > options.budget);
            if late && growth.rounds() < self.times {
                self.out_of_time(session, growth);
                return if grows && session.undecided.is_none() {
                    leak(growth)
                } else {
                    Ok(())
                };
            }
            if grows && growth.has_filled_most(memory) {
                return leak(growth);
            }
            if late || growth.rounds() >= goal {
                if !grows {
                    return Ok(());
                }
                if late || goal >= MAX_ROUNDS_FACTOR * self.times {
                    return leak(growth);
                }
                goal *= 2;
            }
        }
    }

    async fn round(&self, session: &mut VectorSession<'_>) -> Result<(), VectorEnd> {
        for step in self.steps {
            session.step(step, true).await?;
        }
        Ok(())
    }

    /// Handles rounds that ran out of time. The result counts if there were at least
    /// [`FEWEST_ROUNDS`].
    fn out_of_time(&self, session: &mut VectorSession<'_>, growth: &Growth) {
        let (done, times) = (growth.rounds(), self.times);
        let budget = session.options().term(Term::Budget);
        if done < FEWEST_ROUNDS as usize {
            let undecided = format!("only {done} of {times} rounds within {budget}");
            session.undecided = Some(undecided);
        } else {
            let note = format!("{done} of {times} rounds within {budget}");
            session.notes.push(note);
        }
    }

    fn units(&self, session: &VectorSession<'_>) -> u64 {
        match self.unit {
            GrowthUnit::Record => session.records,
            GrowthUnit::Scrape => session.scrapes,
        }
    }
}
