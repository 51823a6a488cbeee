//! The original statsd server, queried through its management interface.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::backends::server::{Server, free_tcp, free_udp};
use crate::backends::tested_provider::GUARD;

pub(crate) struct Statsd {
    server: Server,
    _config: TempDir,
    address: SocketAddr,
    management: SocketAddr,
}

impl Statsd {
    pub(crate) fn start(script: &Path) -> Result<Self> {
        let (address, management) = (free_udp()?, free_tcp()?);
        let config = tempfile::tempdir()?;
        let file = config.path().join("config.json");
        // The server forgets its values at a flush: not during this test.
        let text = json!({
            "address": "127.0.0.1",
            "port": address.port(),
            "mgmt_address": "127.0.0.1",
            "mgmt_port": management.port(),
            "flushInterval": 3_600_000,
            "backends": [],
        });
        std::fs::write(&file, text.to_string())?;
        let server = Server::start(Command::new("node").arg(script).arg(file))?;
        let mut statsd = Self {
            server,
            _config: config,
            address,
            management,
        };
        statsd.ready()?;
        Ok(statsd)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server counts a test metric.
    fn ready(&mut self) -> Result<()> {
        let sender = UdpSocket::bind("127.0.0.1:0")?;
        let begun = Instant::now();
        loop {
            self.server.must_live()?;
            // Before the server listens, the datagram is rejected or lost.
            let _ = sender.send_to(b"test.ready:1|c", self.address);
            if let Ok(counters) = self.ask("counters")
                && counters.contains_key("test.ready")
            {
                return Ok(());
            }
            ensure!(begun.elapsed() < GUARD, "the server does not count");
        }
    }

    /// Waits until the counters with this prefix have this sum, and returns them.
    pub(crate) fn counters(&self, prefix: &str, sum: u64) -> Result<Map<String, Value>> {
        let begun = Instant::now();
        loop {
            let mut counters = self.ask("counters")?;
            counters.retain(|name, _| name.starts_with(prefix));
            let found: u64 = counters.values().filter_map(Value::as_u64).sum();
            if found >= sum {
                return Ok(counters);
            }
            ensure!(begun.elapsed() < GUARD, "{found} of {sum}: {counters:?}");
        }
    }

    /// The timers with this prefix.
    pub(crate) fn timers(&self, prefix: &str) -> Result<Map<String, Value>> {
        let mut timers = self.ask("timers")?;
        timers.retain(|name, _| name.starts_with(prefix));
        Ok(timers)
    }

    /// Number of lines that the server could not read.
    pub(crate) fn bad_lines(&self) -> Result<u64> {
        let counters = self.ask("counters")?;
        let lines = counters.get("statsd.bad_lines_seen");
        lines.and_then(Value::as_u64).context("no count")
    }

    /// The answer is a JavaScript value: JSON with other quotes. Each name in it contains
    /// a dot.
    fn ask(&self, what: &str) -> Result<Map<String, Value>> {
        let mut stream = TcpStream::connect_timeout(&self.management, GUARD)?;
        stream.set_read_timeout(Some(GUARD))?;
        // A single write: the server takes each packet as a line.
        stream.write_all(format!("{what}\n").as_bytes())?;
        let mut answer = String::new();
        let mut buffer = [0; 4096];
        while !answer.ends_with("END\n\n") {
            let length = stream.read(&mut buffer)?;
            ensure!(length > 0, "half an answer: {answer}");
            answer.push_str(std::str::from_utf8(&buffer[..length])?);
        }
        let text = answer.trim_end_matches("END\n\n");
        serde_json::from_str(&text.replace('\'', "\"")).with_context(|| answer.clone())
    }
}
