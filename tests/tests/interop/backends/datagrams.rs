//! `statsd.wasm`: the server counts the records.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::Grants;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::expected::{Expected, plain};
use crate::backends::server::free_udp;
use crate::backends::statsd::Statsd;
use crate::backends::tested_provider::{GUARD, TestedProvider, only_dropped};

pub(crate) fn trials() -> Vec<Trial> {
    let statsd = ReferenceTool::statsd();
    vec![
        statsd.trial("statsd_counts_and_times_the_records", counts),
        trial("datagrams_to_a_closed_port_fail_after_its_answer", nobody),
    ]
}

fn counts(script_file: &Path) -> Result<()> {
    let server = Statsd::start(script_file)?;
    let mut records = 0;
    let statsd = TestedProvider::start("statsd", &sending_to(server.address()))?;
    let mut expected = Expected::default();
    let first = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };
    for round in [vec![first], script(), script(), script()] {
        statsd.record(&round);
        statsd.flush()?;
        records += round.len();
        // Each round ends before the next: many datagrams at once may be lost.
        expected.record(&round, plain("solti"))?;
        expected.must_be_at(&server, "solti.")?;
    }

    // A character that would end a name is left out.
    let odd = sending_to(server.address()).env("STATSD_PREFIX", "odd:1|c\n\u{fc}");
    statsd.replace("statsd", &odd)?;
    let mut odd = Expected::default();
    odd.record(&script(), plain("odd_1_c__"))?;
    statsd.record(&script());
    statsd.flush()?;
    records += script().len();
    odd.must_be_at(&server, "odd")?;

    ensure!(
        server.bad_lines()? == 0,
        "{} bad lines",
        server.bad_lines()?
    );
    statsd.stop_without_loss(records)
}

/// The answer to a datagram reports that no server listens. The next datagram fails for
/// it, and the one after that is sent again.
fn nobody() -> Result<()> {
    let address = free_udp()?;
    let statsd = TestedProvider::start("statsd", &sending_to(address))?;
    let one = &script()[..1];
    // A later call of the host sends the remaining datagrams.
    statsd.flush()?;
    for _ in 0..2 {
        statsd.record(one);
        statsd.flush()?;
        statsd.record(one);
        let said = statsd.refused_flush()?;
        ensure!(
            said.starts_with(&format!("statsd at {address}: ")),
            "{said}"
        );
        ensure!(said.to_lowercase().contains("refused"), "{said}");
    }
    only_dropped(&statsd.settle()?, 4, DropReason::BackendFailed, 2)?;

    let receiver = UdpSocket::bind(address)?;
    receiver.set_read_timeout(Some(GUARD))?;
    statsd.record(one);
    statsd.flush()?;
    let mut datagram = [0; 2048];
    let length = receiver.recv(&mut datagram)?;
    let datagram = String::from_utf8_lossy(&datagram[..length]);
    ensure!(
        datagram == "solti.tasks_started.subprocess:1|c",
        "{datagram}"
    );
    let status = statsd.stop()?;
    ensure!(status.failures == 0, "{status:?}");
    only_dropped(&status.ledger, 5, DropReason::BackendFailed, 2)
}

pub(crate) fn sending_to(address: SocketAddr) -> Grants {
    Grants::new()
        .udp(address)
        .env("STATSD_ADDR", address.to_string())
}
