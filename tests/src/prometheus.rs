//! Prometheus itself, as a child process of a test: it scrapes and answers queries.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::child::GUARD;
use crate::series::Series;

/// A scrape job with an interval of a second.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The label `job`.
    pub name: &'a str,
    /// The path of the exposition.
    pub path: &'a str,
    /// Addresses of the targets.
    pub targets: &'a [SocketAddr],
    /// The file with the token of the requests.
    pub token: Option<&'a Path>,
}

impl<'a> Job<'a> {
    /// A job of runners, at `/metrics`.
    #[must_use]
    pub fn runners(targets: &'a [SocketAddr]) -> Self {
        Self {
            name: "runners",
            path: "/metrics",
            targets,
            token: None,
        }
    }

    fn write(&self, config: &mut String) -> Result<()> {
        writeln!(config, "  - job_name: {}", self.name)?;
        writeln!(config, "    metrics_path: {}", self.path)?;
        if let Some(token) = self.token {
            let file = token.display();
            writeln!(
                config,
                "    authorization:\n      credentials_file: '{file}'"
            )?;
        }
        writeln!(config, "    static_configs:\n      - targets:")?;
        for target in self.targets {
            writeln!(config, "          - {target}")?;
        }
        Ok(())
    }
}

/// A Prometheus server. Dropping the value kills the process.
pub struct Prometheus {
    child: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Prometheus {
    /// Starts a server that scrapes these jobs, on a port that it chooses.
    ///
    /// # Errors
    ///
    /// When the server does not start, or ends.
    pub fn start(program: &Path, jobs: &[Job<'_>]) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut config =
            "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n".to_owned();
        for job in jobs {
            job.write(&mut config)?;
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

    /// The value of a series of the server itself.
    ///
    /// # Errors
    ///
    /// When the server has no such series.
    pub fn own(&self, series: &str) -> Result<f64> {
        crate::exposition::value(&self.get("/metrics")?, series)
    }

    /// The value of an expression, if it has one.
    ///
    /// # Errors
    ///
    /// When the expression is not PromQL, or has several values.
    pub fn query(&self, promql: &str) -> Result<Option<f64>> {
        let found = self.found(promql)?;
        ensure!(found.len() < 2, "{promql} is {found:?}");
        found.first().map(value).transpose()
    }

    /// The series of an expression, without the labels of targets.
    ///
    /// # Errors
    ///
    /// When the expression is not PromQL, or two series differ only in the labels of
    /// targets.
    pub fn series(&self, promql: &str) -> Result<Series> {
        let mut series = Series::default();
        for found in self.found(promql)? {
            let labels = found["metric"].as_object().context("no labels")?;
            let (mut name, mut rest) = ("", Vec::new());
            for (label, text) in labels {
                let text = text.as_str().context("no text")?;
                match &**label {
                    "__name__" => name = text,
                    "instance" | "job" => {}
                    _ => rest.push((&**label, text)),
                }
            }
            let before = series.len();
            series.add(name, &rest, value(&found)?)?;
            ensure!(series.len() > before, "duplicate series: {found}");
        }
        Ok(series)
    }

    fn found(&self, promql: &str) -> Result<Vec<Value>> {
        let mut encoded = String::new();
        for byte in promql.bytes() {
            write!(encoded, "%{byte:02X}")?;
        }
        let mut answer = self.json(&format!("/api/v1/query?query={encoded}"))?;
        let Value::Array(found) = answer["result"].take() else {
            bail!("{promql} is {answer}");
        };
        Ok(found)
    }

    /// Repeats a query until its value is right.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub fn until(&self, promql: &str, right: impl Fn(f64) -> bool) -> Result<f64> {
        let begun = Instant::now();
        loop {
            let value = self.query(promql)?;
            match value {
                Some(value) if right(value) => return Ok(value),
                _ => ensure!(begun.elapsed() < GUARD, "{promql} is {value:?}"),
            }
        }
    }

    /// The answer of the API at this path.
    ///
    /// # Errors
    ///
    /// When the API reports an error.
    pub fn json(&self, path: &str) -> Result<Value> {
        let mut answer: Value = serde_json::from_str(&self.get(path)?)?;
        ensure!(answer["status"] == "success", "{answer}");
        Ok(answer["data"].take())
    }

    fn get(&self, path: &str) -> Result<String> {
        crate::http::whole(self.address, path)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of a series.
fn value(found: &Value) -> Result<f64> {
    let value = found["value"][1].as_str();
    Ok(value.with_context(|| found.to_string())?.parse()?)
}

/// Waits until the server reports its address and its readiness. Returns an error when
/// the process ends.
fn listening(child: &mut Child) -> Result<SocketAddr> {
    let stderr = child.stderr.take().context("no standard error")?;
    let mut lines = BufReader::new(stderr).lines();
    let (mut said, mut address, mut ready) = (Vec::new(), None, false);
    while let Some(line) = lines.next().transpose()? {
        if let Some((_, listens)) = line.split_once("msg=\"Listening on\" address=") {
            let listens = listens.split(' ').next().unwrap_or_default();
            address = Some(listens.parse()?);
        }
        // Two threads of the server print these lines, in any order.
        ready |= line.contains("Server is ready to receive web requests");
        if let (true, Some(address)) = (ready, address) {
            // The thread drains the output, so that the server never blocks on it.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(address);
        }
        said.push(line);
    }
    bail!("Prometheus ended, and printed {said:#?}")
}
