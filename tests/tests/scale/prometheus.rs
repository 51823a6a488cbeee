//! Prometheus, as a child of the test.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that is waited for.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Prometheus {
    /// Scrapes these every second, on a port that it chooses.
    pub(crate) fn start(program: &Path, targets: &[SocketAddr]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut config =
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n  \
             - job_name: runners\n    static_configs:\n      - targets:\n"
                .to_owned();
        for target in targets {
            writeln!(config, "          - {target}")?;
        }
        let file = data.path().join("prometheus.yml");
        std::fs::write(&file, config)?;
        let mut child = Command::new(program)
            .arg("--config.file")
            .arg(&file)
            .arg("--storage.tsdb.path")
            .arg(data.path().join("data"))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let address = listening(&mut child);
        if address.is_err() {
            let _ = child.kill();
            let _ = child.wait();
        }
        Ok(Self {
            child,
            address: address?,
            _data: data,
        })
    }

    /// The value of one series of its own.
    pub(crate) fn own(&self, series: &str) -> Result<f64> {
        let page = self.get("/metrics")?;
        let mut lines = page.lines();
        let found = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let found = found.with_context(|| format!("no {series}"))?;
        Ok(found.parse()?)
    }

    /// The value that PromQL comes to, if to any.
    pub(crate) fn query(&self, promql: &str) -> Result<Option<f64>> {
        let mut encoded = String::new();
        for byte in promql.bytes() {
            write!(encoded, "%{byte:02X}")?;
        }
        let body = self.get(&format!("/api/v1/query?query={encoded}"))?;
        let answer: Value = serde_json::from_str(&body)?;
        let value = answer["data"]["result"][0]["value"][1].as_str();
        Ok(value.map(str::parse).transpose()?)
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, GUARD)?;
        stream.set_read_timeout(Some(GUARD))?;
        // In HTTP/1.0, an answer ends where the connection does.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
        ensure!(head.contains(" 200 OK"), "GET {path}: {answer}");
        Ok(body.to_owned())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // One that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until it says where it listens, and ends when it ends.
fn listening(child: &mut Child) -> Result<SocketAddr> {
    let stderr = child.stderr.take().context("no standard error")?;
    let mut lines = BufReader::new(stderr).lines();
    let mut said = Vec::new();
    while let Some(line) = lines.next().transpose()? {
        if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
            let address = address.split(' ').next().unwrap_or_default();
            // What it says further on must have somewhere to go.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(address.parse()?);
        }
        said.push(line);
    }
    bail!("it ended, and said {said:#?}")
}
