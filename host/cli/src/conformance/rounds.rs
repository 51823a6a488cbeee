//! Whether linear memory grows, round by round.

use std::time::Instant;

use super::growth::Growth;
use super::scenario::{Ended, Scenario};
use super::vector::{FEWEST_ROUNDS, Step, Unit};

/// There are up to eight times as many rounds, if it takes those to tell a leak from a
/// heap that settles late.
const PATIENCE: usize = 8;

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
    pub(super) async fn rounds(
        &mut self,
        rounds: &Rounds<'_>,
    ) -> anyhow::Result<Result<(), Ended>> {
        let mut growth = Growth::new(rounds.unit, self.subject.status().memory);
        let ended = self.grow(rounds, &mut growth).await;
        self.growth = Some(growth);
        ended
    }

    async fn grow(
        &mut self,
        rounds: &Rounds<'_>,
        growth: &mut Growth,
    ) -> anyhow::Result<Result<(), Ended>> {
        let (began, budget) = (Instant::now(), self.rules.budget);
        let memory = self.rules.memory as u64;
        let mut goal = rounds.times;
        loop {
            let before = self.units(rounds.unit);
            for step in rounds.steps {
                match self.step(step, true).await? {
                    Ok(()) => {}
                    Err(Ended::Stopped(stop, when)) if stop.out_of_memory() => {
                        growth.fill(self.units(rounds.unit) - before, memory);
                        let leaks = growth.slope() > f64::from(rounds.most);
                        return Ok(Err(if leaks {
                            Ended::Wrong(growth.fault(rounds.most, memory))
                        } else {
                            Ended::Stopped(stop, when)
                        }));
                    }
                    ended => return Ok(ended),
                }
            }
            growth.add(
                self.units(rounds.unit) - before,
                self.subject.status().memory,
            );
            let done = growth.rounds();
            let grows = growth.slope() > f64::from(rounds.most);
            let late = began.elapsed() > if grows { PATIENT * budget } else { budget };
            if late && done < rounds.times {
                self.hurried(rounds, growth, grows);
                return Ok(Ok(()));
            }
            if grows && growth.has_filled_most(memory) {
                return Ok(Err(Ended::Wrong(growth.fault(rounds.most, memory))));
            }
            if !late && done < goal {
                continue;
            }
            if grows && !late && goal < PATIENCE * rounds.times {
                goal *= 2;
                continue;
            }
            return Ok(if grows {
                Err(Ended::Wrong(growth.fault(rounds.most, memory)))
            } else {
                Ok(())
            });
        }
    }

    /// There was no time for all rounds. Without growth, fewer of them will do.
    fn hurried(&mut self, rounds: &Rounds<'_>, growth: &Growth, grows: bool) {
        let (done, times) = (growth.rounds(), rounds.times);
        let few = format!("{done} of {times} rounds, within --budget");
        if grows {
            self.undecided = Some(format!("{few}: {}", growth.described()));
        } else if done < FEWEST_ROUNDS as usize {
            self.undecided = Some(format!("only {few}"));
        } else {
            self.notes.push(few);
        }
    }

    fn units(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Record => self.records,
            Unit::Scrape => self.scrapes,
        }
    }
}
