//! What the components in `guest/examples/` send, print and forward is what was
//! recorded: in the eyes of the servers that they are made for, and whatever
//! comes between. So is what the facade's own exporters send.

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};

#[path = "receivers/answers.rs"]
mod answers;
#[path = "receivers/datagrams.rs"]
mod datagrams;
#[path = "receivers/expected.rs"]
mod expected;
#[path = "receivers/grants.rs"]
mod grants;
#[path = "receivers/lines.rs"]
mod lines;
#[path = "receivers/middlewares.rs"]
mod middlewares;
#[path = "receivers/native.rs"]
mod native;
#[path = "receivers/native_pushes.rs"]
mod native_pushes;
#[path = "receivers/otelsink.rs"]
mod otelsink;
#[path = "receivers/packets.rs"]
mod packets;
#[path = "receivers/pushes.rs"]
mod pushes;
#[path = "receivers/scrapes.rs"]
mod scrapes;
#[path = "receivers/server.rs"]
mod server;
#[path = "receivers/statsd.rs"]
mod statsd;
#[path = "receivers/subject.rs"]
mod subject;
#[path = "receivers/victoria.rs"]
mod victoria;

fn main() {
    let arguments = Arguments::from_args();
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
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, check: impl FnOnce() -> Result<()> + Send + 'static) -> Trial {
    Trial::test(name, || {
        check().map_err(|error| Failed::from(format!("{error:#}")))
    })
}
