//! Whether linear memory grows, round by round.

use std::time::Instant;

use super::growth::Growth;
use super::scenario::{Ended, Scenario};
use super::vector::{FEWEST_ROUNDS, Step, Unit};

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

impl Scenario<'_> {
    pub(super) async fn rounds(&mut self, rounds: &Rounds<'_>) -> Result<(), Ended> {
        let began = Instant::now();
        self.until = began.checked_add(self.rules.budget.saturating_mul(PATIENT));
        let mut growth = Growth::new(rounds.unit, self.subject.status().memory);
        let ended = self.grow(rounds, &mut growth, began).await;
        self.growth = Some(growth);
        ended
    }

    async fn grow(
        &mut self,
        rounds: &Rounds<'_>,
        growth: &mut Growth,
        began: Instant,
    ) -> Result<(), Ended> {
        let memory = self.rules.memory as u64;
        let leak = |growth: &Growth| Err(Ended::Wrong(growth.fault(rounds.most, memory)));
        let mut goal = rounds.times;
        loop {
            let before = self.units(rounds.unit);
            let ended = self.round(rounds.steps).await;
            let units = self.units(rounds.unit) - before;
            match ended {
                Ok(()) => growth.add(units, self.subject.status().memory),
                Err(Ended::Stopped(stop, when)) if stop.out_of_memory() => {
                    growth.fill(units, memory);
                    return if growth.slope() > f64::from(rounds.most) {
                        leak(growth)
                    } else {
                        Err(Ended::Stopped(stop, when))
                    };
                }
                ended => return ended,
            }
            let grows = growth.slope() > f64::from(rounds.most);
            let late = self.is_late() || (!grows && began.elapsed() > self.rules.budget);
            if late && growth.rounds() < rounds.times {
                self.hurried(rounds, growth);
                return if grows && self.undecided.is_none() {
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
                if late || goal >= PATIENCE * rounds.times {
                    return leak(growth);
                }
                goal *= 2;
            }
        }
    }

    async fn round(&mut self, steps: &[Step]) -> Result<(), Ended> {
        for step in steps {
            self.step(step, true).await?;
        }
        Ok(())
    }

    /// There was no time for all rounds. Fewer of them will do, if they are not too few.
    fn hurried(&mut self, rounds: &Rounds<'_>, growth: &Growth) {
        let (done, times) = (growth.rounds(), rounds.times);
        if done < FEWEST_ROUNDS as usize {
            self.undecided = Some(format!("only {done} of {times} rounds, within --budget"));
        } else {
            self.notes
                .push(format!("{done} of {times} rounds, within --budget"));
        }
    }

    fn units(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Record => self.records,
            Unit::Scrape => self.scrapes,
        }
    }
}
