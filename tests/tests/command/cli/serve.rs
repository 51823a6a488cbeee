//! `run --listen`: the answers to a scraper while tasks run.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use anyhow::{Context, Result, ensure};

use crate::cli::test_folder::TestFolder;
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guests;
use solti_metrics_tests::http::{ask, connect, scrape};

pub(crate) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
pub(crate) const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The command, serving while a guest waits.
pub(crate) struct Served {
    place: TestFolder,
    running: Running,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Starts the command, and waits for the first record of the guest.
    pub(crate) fn start() -> Result<Self> {
        let place = TestFolder::with(&guests::waiter()?)?;
        let args = [
            "run",
            "--listen",
            "127.0.0.1:0",
            "--dir",
            ".:rw",
            "guest.wasm",
        ];
        let mut running = Running::start(&mut place.command(&args)?)?;
        let address = address(&mut running)?;
        running.line("waiting")?;
        Ok(Self {
            place,
            running,
            address,
        })
    }

    /// Lets the guest end.
    pub(crate) fn release(self) -> Result<End> {
        fs::create_dir(self.place.path("go"))?;
        self.running.end()
    }
}

/// The address that the command prints on standard error.
pub(crate) fn address(running: &mut Running) -> Result<SocketAddr> {
    let address = running.line("serving http://")?;
    let address = address.strip_suffix("/metrics").context("no path")?;
    let address: SocketAddr = address.parse()?;
    ensure!(
        address.ip().is_loopback() && address.port() != 0,
        "{address}"
    );
    Ok(address)
}

#[test]
fn a_scrape_shows_the_records_of_a_running_guest() -> Result<()> {
    let served = Served::start()?;
    let answer = scrape(served.address)?;
    ensure!(answer.header("content-type") == Some(TEXT), "{answer:?}");
    ensure!(!answer.body.contains("# EOF"), "{}", answer.body);
    for (series, value) in [
        (r#"solti_runner_tasks_started_total{runner="wasm"}"#, 1.0),
        (
            r#"solti_runner_tasks_started_total{runner="container"}"#,
            1.0,
        ),
        (
            r#"solti_runner_tasks_completed_total{runner="wasm",outcome="success"}"#,
            0.0,
        ),
        (
            r#"solti_runner_tasks_completed_total{runner="container",outcome="success"}"#,
            0.0,
        ),
        (
            r#"solti_metrics_records_accepted_total{source="guests"}"#,
            1.0,
        ),
        (
            r#"solti_metrics_records_delivered_total{source="guests"}"#,
            1.0,
        ),
        (
            r#"solti_metrics_records_accepted_total{source="runner"}"#,
            1.0,
        ),
        (r#"solti_metrics_records_in_flight{source="guests"}"#, 0.0),
        (
            r#"solti_metrics_records_dropped_total{source="guests",reason="quota"}"#,
            0.0,
        ),
    ] {
        let found = answer.sample(series)?;
        ensure!(found == value, "{series}: {found}");
    }
    let end = served.release()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_client_that_accepts_openmetrics_gets_it() -> Result<()> {
    let served = Served::start()?;
    let get = |accept| ask(served.address, "GET", "/metrics", accept);
    for accept in [
        "Accept: application/openmetrics-text; version=1.0.0\r\n",
        "Accept: application/openmetrics-text;q=0.8,text/plain;q=0.3\r\n",
        "accept: text/plain;q=0.3\r\naccept: application/openmetrics-text\r\n",
    ] {
        let answer = get(accept)?;
        let media = answer.header("content-type");
        ensure!(media == Some(OPEN_METRICS), "{accept}: {answer:?}");
        ensure!(answer.body.ends_with("\n# EOF\n"), "{}", answer.body);
        ensure!(answer.sample(r#"solti_runner_tasks_started_total{runner="wasm"}"#)? == 1.0);
    }
    for accept in [
        "Accept: text/plain\r\n",
        "Accept: */*\r\n",
        "Accept: application/json\r\n",
        "Accept: application/openmetrics-text; version=9.0.0\r\n",
    ] {
        let answer = get(accept)?;
        let media = answer.header("content-type");
        ensure!(answer.status == 200 && media == Some(TEXT), "{answer:?}");
    }
    Ok(())
}

#[test]
fn head_is_answered_without_a_body() -> Result<()> {
    let served = Served::start()?;
    let head = ask(served.address, "HEAD", "/metrics", "")?;
    let get = scrape(served.address)?;
    ensure!(head.status == 200 && head.body.is_empty(), "{head:?}");
    for header in ["content-type", "content-length"] {
        ensure!(head.header(header).is_some(), "{head:?}");
        ensure!(head.header(header) == get.header(header), "{head:?}");
    }
    Ok(())
}

#[test]
fn a_health_probe_succeeds() -> Result<()> {
    let served = Served::start()?;
    let answer = ask(served.address, "GET", "/healthz", "")?;
    ensure!(answer.status == 200 && answer.body == "ok\n", "{answer:?}");
    Ok(())
}

#[test]
fn other_methods_get_the_allowed_methods() -> Result<()> {
    let served = Served::start()?;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let answer = ask(served.address, method, "/metrics", "Content-Length: 0\r\n")?;
        ensure!(answer.status == 405, "{method}: {answer:?}");
        ensure!(answer.header("allow") == Some("GET, HEAD"), "{answer:?}");
    }
    Ok(())
}

#[test]
fn other_paths_are_not_found() -> Result<()> {
    let served = Served::start()?;
    for path in [
        "/",
        "/metric",
        "/metrics/",
        "/metrics2",
        "/../metrics",
        "/METRICS",
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let answer = ask(served.address, method, path, "")?;
            ensure!(answer.status == 404, "{method} {path}: {answer:?}");
            ensure!(!answer.body.contains("solti_"), "{answer:?}");
        }
    }
    let answer = ask(served.address, "GET", "/metrics?name%5B%5D=x", "")?;
    ensure!(answer.status == 200, "{answer:?}");
    Ok(())
}

#[test]
fn the_server_ends_before_the_report() -> Result<()> {
    let served = Served::start()?;
    let address = served.address;
    let end = served.release()?;
    ensure!(end.code == Some(0), "{end}");
    let refused = connect(address).err().context("the server still answers")?;
    let refused = refused.downcast::<std::io::Error>()?;
    ensure!(refused.kind() == ErrorKind::ConnectionRefused, "{refused}");
    Ok(())
}

#[test]
fn a_port_in_use_is_named_and_no_task_runs() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stdout", "I ran", 0)?)?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let end = place.run(&["run", "--listen", &address, "guest.wasm"])?;
    ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
    ensure!(end.stderr.contains(&address), "{end}");
    Ok(())
}

#[test]
fn each_scrape_balances_while_tasks_start_and_end() -> Result<()> {
    let place = TestFolder::with(&guests::teller("stderr", "", 1)?)?;
    let args = [
        "run",
        "--listen",
        "127.0.0.1:0",
        "--repeat",
        "10000",
        "--concurrency",
        "8",
        "guest.wasm",
    ];
    let mut running = Running::start(&mut place.command(&args)?)?;
    let address = address(&mut running)?;
    let mut last = 0.0;
    // The command ends between two scrapes, or during one. It serves for longer than it
    // caches a page.
    while let Ok(answer) = scrape(address) {
        let ledger = |what| {
            answer.sample(&format!(
                "solti_metrics_records_{what}{{source=\"runner\"}}"
            ))
        };
        let (accepted, in_flight) = (ledger("accepted_total")?, ledger("in_flight")?);
        let delivered = ledger("delivered_total")?;
        ensure!(accepted == delivered + in_flight, "{}", answer.body);
        ensure!(accepted >= last, "a counter decreased: {}", answer.body);
        last = accepted;
    }
    let end = running.end()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        (1.0..=20_000.0).contains(&last),
        "{last} records in no scrape"
    );
    Ok(())
}
