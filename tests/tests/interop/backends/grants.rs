//! The network is granted for the named address only.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

use anyhow::{Context, Result, ensure};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::Grants;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::server::{free_tcp, free_udp};
use crate::backends::tested_provider::{GUARD, TestedProvider, only_dropped, provider};
use crate::backends::victoria::{endpoint, url};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("otlp_connects_only_to_the_granted_address", otlp),
        trial("statsd_sends_only_to_the_granted_address", statsd),
        trial("network_that_was_not_granted_is_named_at_load", none),
    ]
}

fn otlp() -> Result<()> {
    let receiver = TcpListener::bind("127.0.0.1:0")?;
    let address = receiver.local_addr()?;
    let otlp = TestedProvider::start("otlp", &endpoint(address).http(free_tcp()?.to_string()))?;
    otlp.record(&script());
    for _ in 0..2 {
        let said = otlp.refused_flush()?;
        ensure!(said.starts_with(&url(address)), "{said}");
        ensure!(said.contains("HttpRequestDenied"), "{said}");
    }
    let status = otlp.stop()?;
    let records = script().len();
    only_dropped(&status.ledger, records, DropReason::BackendFailed, 0)?;
    ensure!(status.failures == 0, "{status:?}");

    // The first connection is the test's.
    let ours = TcpStream::connect_timeout(&address, GUARD)?;
    let (_, first) = receiver.accept()?;
    ensure!(first == ours.local_addr()?, "{first} has connected");
    Ok(())
}

fn statsd() -> Result<()> {
    let receiver = UdpSocket::bind("127.0.0.1:0")?;
    receiver.set_read_timeout(Some(GUARD))?;
    let address = receiver.local_addr()?;
    let settings = Grants::new().env("STATSD_ADDR", address.to_string());
    let statsd = TestedProvider::start("statsd", &settings.udp(free_udp()?))?;
    for _ in 0..2 {
        statsd.record(&script());
        let said = statsd.refused_flush()?;
        let beginning = format!("statsd at {address}: ");
        ensure!(said.starts_with(&beginning), "{said}");
    }
    let status = statsd.stop()?;
    let records = 2 * script().len();
    only_dropped(&status.ledger, records, DropReason::BackendFailed, records)?;
    ensure!(status.failures == 0, "{status:?}");

    // The first datagram is the test's.
    UdpSocket::bind("127.0.0.1:0")?.send_to(b"ours", address)?;
    let mut first = [0; 2048];
    let length = receiver.recv(&mut first)?;
    let first = String::from_utf8_lossy(&first[..length]);
    ensure!(first == "ours", "{first}");
    Ok(())
}

fn none() -> Result<()> {
    let granted: SocketAddr = free_tcp()?;
    let other = Grants::new().http(granted.to_string());
    let (http, socket) = (
        "the authority of an HTTP server",
        "an address for TCP or UDP",
    );
    for (name, grants, import, grant) in [
        ("otlp", Grants::new(), "`wasi:http/", http),
        ("statsd", Grants::new(), "`wasi:sockets/", socket),
        // One protocol is not the other.
        ("statsd", other, "`wasi:sockets/", socket),
    ] {
        let refused = provider(name, &grants).err();
        let refused = refused.with_context(|| format!("{name} is loaded"))?;
        let said = format!("{refused:#}");
        ensure!(said.contains(import) && said.contains(grant), "{said}");
    }
    Ok(())
}
