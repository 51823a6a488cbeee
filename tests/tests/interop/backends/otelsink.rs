//! The sink of `oteltest`: it receives OTLP with the code of OpenTelemetry for Python.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics::OtlpProtocol;
use solti_metrics_tests::series::Series;

use crate::backends::server::Server;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/interop/backends/otelsink.py"
);

pub(crate) struct Otelsink {
    server: Server,
    url: String,
}

/// A push, as the sink has decoded it.
pub(crate) struct Push {
    /// Header names in lower case. With gRPC, the metadata.
    pub(crate) headers: Value,
    message: Value,
}

impl Otelsink {
    /// Starts the sink. `python` is the folder for `PYTHONPATH`.
    pub(crate) fn start(python: &Path, protocol: OtlpProtocol) -> Result<Self> {
        let name = match protocol {
            OtlpProtocol::Grpc => "grpc",
            _ => "http",
        };
        let mut server = Server::start(
            Command::new("python3")
                .env("PYTHONPATH", python)
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .args([SCRIPT, name]),
        )?;
        let port = server.says(&format!("{name} "))?;
        Ok(Self {
            server,
            url: format!("http://127.0.0.1:{port}"),
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the next push.
    pub(crate) fn push(&mut self) -> Result<Push> {
        let mut push: Value = serde_json::from_str(&self.server.says("pushed ")?)?;
        Ok(Push {
            headers: push["headers"].take(),
            message: push["message"].take(),
        })
    }
}

impl Push {
    /// The resource attribute with this key.
    pub(crate) fn resource(&self, key: &str) -> Option<&str> {
        let attributes = self.message["resourceMetrics"][0]["resource"]["attributes"].as_array();
        let mut attributes = attributes?.iter();
        let found = attributes.find(|attribute| attribute["key"] == key)?;
        found["value"]["stringValue"].as_str()
    }

    pub(crate) fn series(&self) -> Result<Series> {
        let mut series = Series::default();
        let scope = &self.message["resourceMetrics"][0]["scopeMetrics"][0];
        for metric in array(&scope["metrics"])? {
            let name = text(&metric["name"])?;
            let read = match metric.get("sum") {
                Some(sum) => counters(&mut series, name, sum),
                None => histograms(&mut series, name, &metric["histogram"]),
            };
            read.with_context(|| metric.to_string())?;
        }
        Ok(series)
    }
}

fn counters(series: &mut Series, name: &str, sum: &Value) -> Result<()> {
    ensure!(sum["isMonotonic"] == true, "it may go down");
    cumulative(sum)?;
    for point in array(&sum["dataPoints"])? {
        series.add(name, &labels(point)?, number(&point["asInt"])?)?;
    }
    Ok(())
}

fn histograms(series: &mut Series, name: &str, histogram: &Value) -> Result<()> {
    cumulative(histogram)?;
    for point in array(&histogram["dataPoints"])? {
        let labels = labels(point)?;
        series.add(&format!("{name}_count"), &labels, number(&point["count"])?)?;
        let sum = point["sum"].as_f64().context("no sum")?;
        series.add(&format!("{name}_sum"), &labels, sum)?;
        let bounds = array(&point["explicitBounds"])?
            .iter()
            .map(Value::to_string);
        let bounds = bounds.chain(["+Inf".to_owned()]);
        let mut below = 0.0;
        for (bound, count) in bounds.zip(array(&point["bucketCounts"])?) {
            below += number(count)?;
            let labels = [&labels[..], &[("le", &*bound)]].concat();
            series.add(&format!("{name}_bucket"), &labels, below)?;
        }
    }
    Ok(())
}

fn cumulative(of: &Value) -> Result<()> {
    let temporality = &of["aggregationTemporality"];
    ensure!(
        temporality == "AGGREGATION_TEMPORALITY_CUMULATIVE",
        "{temporality}"
    );
    Ok(())
}

fn labels(point: &Value) -> Result<Vec<(&str, &str)>> {
    array(&point["attributes"])?.iter().map(label).collect()
}

fn label(attribute: &Value) -> Result<(&str, &str)> {
    let (key, value) = (&attribute["key"], &attribute["value"]["stringValue"]);
    Ok((text(key)?, text(value)?))
}

fn array(value: &Value) -> Result<&[Value]> {
    Ok(value.as_array().context("no list")?)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("no text")
}

/// Integers of 64 bits are texts in protobuf's JSON.
fn number(value: &Value) -> Result<f64> {
    Ok(text(value)?.parse()?)
}
