//! Runs the steps of a vector with one instance.

use super::instance::TestInstance;
use super::outcome::{VectorOutcome, VectorRules};
use super::rounds::Rounds;
use super::session::VectorSession;
use super::vector_end::VectorEnd;
use crate::error::Error;
use crate::vector::{Vector, VectorStep};

/// Runs a vector until its end, or until an early end.
pub(super) async fn run(
    vector: &Vector,
    instance: &TestInstance<'_>,
    rules: &VectorRules<'_>,
) -> Result<VectorOutcome, Error> {
    let mut session = VectorSession::new(instance, rules);
    let end = match steps(&mut session, &vector.steps).await {
        Ok(()) => session.last_look(instance.settle().await),
        end => end,
    };
    session.outcome(end).await
}

async fn steps(session: &mut VectorSession<'_>, steps: &[VectorStep]) -> Result<(), VectorEnd> {
    for step in steps {
        match step {
            VectorStep::Rounds {
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
