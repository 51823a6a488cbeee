//! The records that the components in `guest/examples/` send, print and forward, and that
//! the facade's own exporters send. Other projects' servers receive them, also through
//! middlewares.

use anyhow::Result;
use solti_metrics_tests::trial::Trial;

mod answers;
mod datagrams;
mod expected;
mod grants;
mod lines;
mod middlewares;
mod native;
mod native_pushes;
mod otelsink;
mod packets;
mod pushes;
mod scrapes;
mod server;
mod statsd;
mod tested_provider;
mod victoria;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let trials = [
        pushes::trials(),
        native_pushes::trials(),
        answers::trials(),
        datagrams::trials(),
        native::trials(),
        packets::trials(),
        grants::trials(),
        lines::trials(),
        scrapes::trials(),
        middlewares::trials(),
    ];
    Ok(trials.into_iter().flatten().collect())
}
