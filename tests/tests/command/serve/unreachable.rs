//! Backends that are unreachable, or fail for all records.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Result, ensure};
use solti_metrics_tests::{guest, guests};

use crate::serve::stopping::books;
use crate::serve::test_folder::{TestFolder, backend, count, settled, until, until_backend};

/// A collector that closes all connections until it is available.
struct Collector {
    address: SocketAddr,
    there: Arc<AtomicBool>,
}

impl Collector {
    fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let collector = Self {
            address: listener.local_addr()?,
            there: Arc::default(),
        };
        let there = Arc::clone(&collector.there);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if there.load(Ordering::Acquire) {
                    thread::spawn(move || answer(&stream));
                }
            }
        });
        Ok(collector)
    }
}

/// Takes all posted data until the client closes the connection.
fn answer(stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(reader.read_line(&mut line)? > 0);
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let mut stream = stream;
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
        )?;
    }
}

/// A provider that traps at each record.
fn trapping() -> Result<Vec<u8>> {
    guest::component(
        r#"(module
            (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32)
                unreachable)
            (func (export "solti:metrics/backend@0.1.0#record-task-completed")
                (param i32 i32 i64) unreachable)
            (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)
                unreachable))"#,
    )
}

const TICKS: &str =
    "[tasks.teller]\ncomponent = \"teller.wasm\"\nschedule = \"interval\"\ninterval = \"10ms\"\n";

#[test]
fn a_collector_that_starts_late_gets_all_records() -> Result<()> {
    let collector = Collector::start()?;
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 0)?)])?;
    let mut served = place.serve(&format!(
        "{TICKS}[backends.collector]\notlp = {{ endpoint = \"http://{}/v1/metrics\", interval = \"100ms\" }}\n",
        collector.address
    ))?;
    let failures = r#"solti_metrics_export_failures_total{backend="collector"}"#;
    served.until_at_least(failures, 3.0)?;
    let now = backend(&served, "collector")?;
    ensure!(
        now["ledger"]["delivered"] == 0 && now["last_failure"].is_string(),
        "{now}"
    );
    ensure!(served.get("/readyz")?.status == 200);
    collector.there.store(true, Ordering::Release);
    let now = until_backend(&served, "collector", |it| {
        it["ledger"]["delivered"].as_u64() >= Some(10)
    })?;
    // The collector also gets the records that it missed. The backend dropped no record.
    ensure!(now["ledger"]["dropped"]["shut_down"] == 0, "{now}");
    // The test stops the records. The collector then has all of them.
    ensure!(served.reload(&format!(
        "[tasks]\n[backends.collector]\notlp = {{ endpoint = \"http://{}/v1/metrics\", interval = \"100ms\" }}\n",
        collector.address
    ))?.is_none());
    until_backend(&served, "collector", |it| {
        it["ledger"]["in_flight"] == 0 && it["ledger"]["delivered"] == it["ledger"]["accepted"]
    })?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}

#[test]
fn undeliverable_lines_wait_and_are_counted() -> Result<()> {
    // The connected socket receives only its own datagrams, and rejects others.
    let refusing = UdpSocket::bind("127.0.0.1:0")?;
    let nobody = refusing.local_addr()?;
    refusing.connect(nobody)?;
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 0)?)])?;
    for address in [nobody.to_string(), "not..known:8125".to_owned()] {
        let mut served = place.serve(&format!(
            "{TICKS}[backends.lines]\nstatsd = {{ address = \"{address}\", queue_capacity = 8 }}\n"
        ))?;
        let said = served.entry("a failure", |it| {
            it["message"] == "push failed: records wait"
        })?;
        ensure!(
            said["backend"] == "lines" && said["level"] == "WARN",
            "{said}"
        );
        served.until_at_least(
            r#"solti_metrics_export_failures_total{backend="lines"}"#,
            2.0,
        )?;
        let full = r#"solti_metrics_records_dropped_total{source="lines",reason="queue_full"}"#;
        served.until_at_least(full, 2.0)?;
        let now = backend(&served, "lines")?;
        ensure!(
            now["ledger"]["delivered"] == 0 && now["last_failure"].is_string(),
            "{now}"
        );
        ensure!(served.get("/readyz")?.status == 200);
        until(&served, "teller", |task| {
            task["runs"]["success"].as_u64() >= Some(20)
        })?;
        let end = served.stop()?;
        ensure!(end.code == Some(0), "{end}");
        books(&end)?;
    }
    Ok(())
}

#[test]
fn memory_does_not_grow_with_undeliverable_records() -> Result<()> {
    let collector = Collector::start()?;
    let place = TestFolder::with(&[("flood.wasm", guests::flood()?)])?;
    let backends = format!(
        "[backends.collector]\notlp = {{ endpoint = \"http://{}/v1/metrics\", interval = \"100ms\" }}\n\
         [backends.lines]\nstatsd = {{ address = \"127.0.0.1:9\", queue_capacity = 64 }}\n",
        collector.address
    );
    let mut served = place.serve(&format!(
        "[tasks.flood]\ncomponent = \"flood.wasm\"\ntimeout = \"none\"\n{backends}"
    ))?;
    let memory = "process_resident_memory_bytes";
    let accepted = r#"solti_metrics_records_accepted_total{source="guests"}"#;
    served.until_at_least(accepted, 50_000.0)?;
    let before = served.sample(memory)?;
    served.until_at_least(accepted, MANY)?;
    let after = served.sample(memory)?;
    let grown = after - before;
    ensure!(grown < 32.0 * 1024.0 * 1024.0, "{before} to {after} bytes");
    // All exports were rejected, and records beyond the capacity are counted.
    ensure!(served.sample(r#"solti_metrics_export_failures_total{backend="collector"}"#)? >= 1.0);
    until_backend(&served, "lines", |it| {
        it["ledger"]["dropped"]["queue_full"].as_u64() >= Some(1)
    })?;
    ensure!(served.reload(&format!("[tasks]\n{backends}"))?.is_none());
    let answer = served.json("/api/backends")?;
    settled(&answer["ledgers"]["guests"])?;
    // The queue and a datagram of as many records wait.
    let lines = backend(&served, "lines")?;
    ensure!(
        lines["ledger"]["in_flight"].as_u64() <= Some(2 * 64),
        "{lines}"
    );
    ensure!(lines["ledger"]["delivered"] == 0, "{lines}");
    let now = backend(&served, "collector")?;
    // All records wait, as sums.
    ensure!(
        now["ledger"]["in_flight"] == now["ledger"]["accepted"],
        "{now}"
    );
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}

/// A number of records that would use noticeable memory if each were stored.
const MANY: f64 = 10_000_000.0;

#[test]
fn a_runner_whose_backends_all_fail_is_not_ready_and_continues() -> Result<()> {
    let place = TestFolder::with(&[
        ("teller.wasm", guests::teller("stdout", "", 0)?),
        ("trapping.wasm", trapping()?),
    ])?;
    let trapping = "[backends.trapping]\ncomponent = \"trapping.wasm\"\n";
    let mut served = place.serve(&format!("{TICKS}{trapping}"))?;
    let open = r#"solti_metrics_backend_state{backend="trapping",state="circuit_open"}"#;
    served.until_at_least(open, 1.0)?;
    let answer = served.get("/readyz")?;
    ensure!(
        answer.status == 503 && answer.body.contains("all backends"),
        "{answer:?}"
    );
    ensure!(served.get("/healthz")?.status == 200);
    let now = until_backend(&served, "trapping", |it| {
        it["ledger"]["dropped"]["circuit_open"].as_u64() >= Some(1)
    })?;
    ensure!(
        count(&now["failures"])? >= 5 && now["last_failure"].is_string(),
        "{now}"
    );
    let before = until(&served, "teller", |_| true)?;
    let before = count(&before["runs"]["success"])?;
    until(&served, "teller", |task| {
        task["runs"]["success"].as_u64() > Some(before)
    })?;
    // A second backend can take the records.
    let nobody = "[backends.lines]\nstatsd = { address = \"127.0.0.1:9\" }\n";
    ensure!(
        served
            .reload(&format!("{TICKS}{trapping}{nobody}"))?
            .is_none()
    );
    ensure!(served.get("/readyz")?.status == 200);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    books(&end)?;
    Ok(())
}
