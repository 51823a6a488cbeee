//! Hostile clients, while tasks run.

use std::io::Write;

use anyhow::{Result, ensure};
use solti_metrics_tests::guests;
use solti_metrics_tests::http::connect;
use solti_metrics_tests::served::Served;

use crate::serve::test_folder::TestFolder;

fn goes_on(served: &mut Served) -> Result<()> {
    for _ in 0..20 {
        served.entry("a run ends", |entry| entry["message"] == "run ended")?;
    }
    Ok(())
}

#[test]
fn tasks_continue_with_hostile_clients() -> Result<()> {
    let place = TestFolder::with(&[("teller.wasm", guests::teller("stdout", "", 0)?)])?;
    let mut served = place.serve(
        "[tasks.teller]\ncomponent = \"teller.wasm\"\nschedule = \"interval\"\ninterval = \"5ms\"\n",
    )?;
    let address = served.address()?;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(connect(address)?);
    }
    goes_on(&mut served)?;
    // Sends requests again and again, and never reads.
    let mut deaf = connect(address)?;
    for _ in 0..50 {
        // The server may close the connection.
        let _ = deaf.write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    goes_on(&mut served)?;
    let mut long = connect(address)?;
    let _ = long.write_all(b"GET / HTTP/1.1\r\nX: ");
    let _ = long.write_all(&vec![b'x'; 1 << 20]);
    let mut old = connect(address)?;
    let _ = old.write_all(b"GET /metrics\r\n");
    goes_on(&mut served)?;
    ensure!(served.get("/healthz")?.status == 200);
    drop((idle, deaf, long, old));
    goes_on(&mut served)?;
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}
