//! A page in headless Chromium, and its server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::reference_tool::ReferenceTool;

use crate::hosts::calls::input;
use crate::hosts::test_folder::{TestFolder, log};

/// A deadline that no page reaches.
const GUARD: Duration = Duration::from_secs(60);

/// Number of calls and of lines.
const CALLS: usize = 10;

pub(crate) fn run(place: &TestFolder) -> Result<String> {
    place.transpile()?;
    let mut serve = place.command("node serve.js")?;
    let mut server = Running(serve.stdout(Stdio::piped()).spawn()?);
    let printed = server.0.stdout.take().context("no output")?;
    let (line, lines) = channel();
    // The thread ends with the server.
    thread::spawn(move || {
        for printed in BufReader::new(printed).lines() {
            if line.send(printed).is_err() {
                break;
            }
        }
    });
    let next = || -> Result<String> {
        match lines.recv_timeout(GUARD) {
            Ok(line) => Ok(line?),
            Err(RecvTimeoutError::Timeout) => bail!("nothing within {GUARD:?}"),
            Err(RecvTimeoutError::Disconnected) => bail!("the server has ended"),
        }
    };
    let address = next()?;
    ensure!(address.starts_with("http://127.0.0.1:"), "{address}");
    let arguments: Vec<_> = input()
        .args
        .iter()
        .map(|arg| format!("arg={arg}"))
        .collect();
    let _browser = chromium(place, &format!("{address}?{}", arguments.join("&")))?;
    let mut calls = String::new();
    for _ in 0..CALLS {
        let call = next().with_context(|| {
            let said = fs::read_to_string(place.path().join("chromium.log"));
            let said = said.unwrap_or_default();
            let said: Vec<_> = said
                .lines()
                .filter(|line| line.contains("CONSOLE"))
                .collect();
            format!("after {calls}the page said {said:?}")
        })?;
        calls += &call;
        calls += "\n";
    }
    Ok(calls)
}

fn chromium(place: &TestFolder, address: &str) -> Result<Running> {
    let ReferenceTool::Here(chromium) = ReferenceTool::chromium() else {
        bail!("no chromium");
    };
    let mut command = Command::new(chromium);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
        ])
        .args(["--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--enable-logging=stderr"])
        .arg(format!(
            "--user-data-dir={}",
            place.path().join("chromium").display()
        ))
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log(place, "chromium.log")?);
    Ok(Running(command.spawn()?))
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let ended: io::Result<_> = self.0.kill().and_then(|()| self.0.wait().map(drop));
        // The process may have ended already.
        drop(ended);
    }
}
