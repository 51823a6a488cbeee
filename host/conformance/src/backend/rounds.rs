//! Whether linear memory grows, round by round.

use std::time::Instant;

use super::ended::Ended;
use super::growth::Growth;
use super::session::Session;
use crate::term::Term;
use crate::vector::{FEWEST_ROUNDS, Step, Unit};

/// There are up to 32 times as many rounds, if it takes those to tell a leak from a heap
/// that settles late.
const PATIENCE: usize = 32;

/// And they have up to four times as long.
const PATIENT: u32 = 4;

/// The same steps, many times.
pub(super) struct Rounds<'a> {
    pub(super) times: usize,
    /// With what memory could grow.
    pub(super) unit: Unit,
    /// Bytes that it may grow with each of them.
    pub(super) most: u32,
    pub(super) steps: &'a [Step],
}

impl Rounds<'_> {
    pub(super) async fn run(&self, session: &mut Session<'_>) -> Result<(), Ended> {
        let began = Instant::now();
        session.allow(session.options().budget.saturating_mul(PATIENT));
        let mut growth = Growth::new(self.unit, session.instance.status().memory_bytes);
        let ended = self.grow(session, &mut growth, began).await;
        session.growth = Some(growth);
        ended
    }

    async fn grow(
        &self,
        session: &mut Session<'_>,
        growth: &mut Growth,
        began: Instant,
    ) -> Result<(), Ended> {
        let options = session.options();
        let memory = session.rules.memory as u64;
        let leak = |growth: &Growth| Err(Ended::Wrong(growth.fault(self.most, memory, options)));
        let mut goal = self.times;
        loop {
            let before = self.units(session);
            let ended = self.round(session).await;
            let units = self.units(session) - before;
            match ended {
                Ok(()) => growth.add(units, session.instance.status().memory_bytes),
                Err(Ended::Stopped(stop, when)) if stop.out_of_memory() => {
                    growth.fill(units, memory);
                    return if growth.slope() > f64::from(self.most) {
                        leak(growth)
                    } else {
                        Err(Ended::Stopped(stop, when))
                    };
                }
                ended => return ended,
            }
            let grows = growth.slope() > f64::from(self.most);
            let late = session.is_late() || (!grows && began.elapsed() > options.budget);
            if late && growth.rounds() < self.times {
                self.hurried(session, growth);
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
                if late || goal >= PATIENCE * self.times {
                    return leak(growth);
                }
                goal *= 2;
            }
        }
    }

    async fn round(&self, session: &mut Session<'_>) -> Result<(), Ended> {
        for step in self.steps {
            session.step(step, true).await?;
        }
        Ok(())
    }

    /// There was no time for all rounds. Fewer of them will do, if they are not too few.
    fn hurried(&self, session: &mut Session<'_>, growth: &Growth) {
        let (done, times) = (growth.rounds(), self.times);
        let budget = session.options().term(Term::Budget);
        if done < FEWEST_ROUNDS as usize {
            let undecided = format!("only {done} of {times} rounds, within {budget}");
            session.undecided = Some(undecided);
        } else {
            let note = format!("{done} of {times} rounds, within {budget}");
            session.notes.push(note);
        }
    }

    fn units(&self, session: &Session<'_>) -> u64 {
        match self.unit {
            Unit::Record => session.records,
            Unit::Scrape => session.scrapes,
        }
    }
}
