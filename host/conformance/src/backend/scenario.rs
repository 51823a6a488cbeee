//! What a vector says, done to one instance of a component.

use super::ended::Ended;
use super::instance::Instance;
use super::outcome::{Outcome, Rules};
use super::rounds::Rounds;
use super::session::Session;
use crate::error::Error;
use crate::vector::{Step, Vector};

/// Runs a vector to its end, or to what ends it early.
pub(super) async fn run(
    vector: &Vector,
    instance: &Instance<'_>,
    rules: &Rules<'_>,
) -> Result<Outcome, Error> {
    let mut session = Session::new(instance, rules);
    let ended = match steps(&mut session, &vector.steps).await {
        Ok(()) => session.last_look(instance.settle().await),
        ended => ended,
    };
    session.outcome(ended).await
}

async fn steps(session: &mut Session<'_>, steps: &[Step]) -> Result<(), Ended> {
    for step in steps {
        match step {
            Step::Rounds {
                times,
                per,
                most_growth,
                steps,
            } => {
                let rounds = Rounds {
                    times: *times as usize,
                    unit: *per,
                    most: session.options().max_growth.unwrap_or(*most_growth),
                    steps,
                };
                rounds.run(session).await?;
            }
            step => session.step(step, false).await?,
        }
    }
    Ok(())
}
