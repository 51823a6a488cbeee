//! VictoriaMetrics: a store that accepts OTLP and answers PromQL.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics_host::provider::Grants;
use solti_metrics_tests::series::Series;
use tempfile::TempDir;

use crate::backends::server::Server;
use crate::backends::tested_provider::GUARD;

/// The label `service.name` of its series.
pub(crate) const SERVICE: &str = "backends";

/// The label `service.instance.id`, if any.
pub(crate) const INSTANCE: &str = "one";

pub(crate) struct Victoria {
    // The server is killed before its folder is removed.
    _server: Server,
    _data: TempDir,
    address: SocketAddr,
}

impl Victoria {
    /// Starts the server on a port that it chooses.
    pub(crate) fn start(program: &Path) -> Result<Self> {
        Self::start_at(program, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub(crate) fn start_at(program: &Path, address: SocketAddr) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut storage = std::ffi::OsString::from("-storageDataPath=");
        storage.push(data.path());
        let mut server = Server::start(
            Command::new(program)
                .arg(format!("-httpListenAddr={address}"))
                .arg(storage)
                .args(["-retentionPeriod=1d", "-search.latencyOffset=0s"])
                .arg("-memory.allowedBytes=64MB"),
        )?;
        let address = server.says("started server at http://")?;
        Ok(Self {
            address: address.trim_end_matches('/').parse()?,
            _server: server,
            _data: data,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server shows exactly these series.
    pub(crate) fn must_show(&self, expected: &Series) -> Result<()> {
        let begun = Instant::now();
        loop {
            let found = self.query(r#"{__name__=~"solti_.+"}"#)?;
            match expected.must_equal(&found) {
                Err(error) if begun.elapsed() > GUARD => return Err(error),
                Err(_) => {}
                Ok(()) => return Ok(()),
            }
        }
    }

    /// The result of PromQL over all data so far.
    pub(crate) fn query(&self, promql: &str) -> Result<Series> {
        self.get("/internal/force_flush")?;
        // The server rounds times to seconds: at the next one, all data is visible.
        let time = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 2;
        let query = percent_encoded(promql)?;
        let body = self.get(&format!(
            "/api/v1/query?nocache=1&time={time}&query={query}"
        ))?;
        let answer: Value = serde_json::from_str(&body)?;
        let rows = answer["data"]["result"].as_array();
        let mut series = Series::default();
        for row in rows.with_context(|| body.clone())? {
            read(&mut series, row).with_context(|| row.to_string())?;
        }
        Ok(series)
    }

    fn get(&self, path: &str) -> Result<String> {
        solti_metrics_tests::http::whole(self.address, path)
    }
}

fn read(series: &mut Series, row: &Value) -> Result<()> {
    let (Some(labels), Some(value)) = (row["metric"].as_object(), row["value"][1].as_str()) else {
        bail!("no sample");
    };
    let mut name = "";
    let mut others = Vec::new();
    for (label, text) in labels {
        let text = text.as_str().context("no text")?;
        match &**label {
            "__name__" => name = text,
            "service.name" => ensure!(text == SERVICE),
            // The native backend always has an instance id.
            "service.instance.id" => ensure!(text == INSTANCE),
            "scope.name" => ensure!(text == "solti-metrics"),
            "scope.version" => ensure!(text == env!("CARGO_PKG_VERSION")),
            label => others.push((label, text)),
        }
    }
    series.add(name, &others, value.parse()?)
}

fn percent_encoded(text: &str) -> Result<String> {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}")?;
    }
    Ok(encoded)
}

/// The grants that `otlp` needs to push to this address.
pub(crate) fn pushing_to(address: SocketAddr) -> Grants {
    endpoint(address).http(address.to_string())
}

/// The settings of `otlp` for this address, without the grant.
pub(crate) fn endpoint(address: SocketAddr) -> Grants {
    Grants::new()
        .env("OTLP_ENDPOINT", url(address))
        .env("OTEL_SERVICE_NAME", SERVICE)
}

pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}/opentelemetry/v1/metrics")
}
