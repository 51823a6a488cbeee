//! Native backends that send records on by themselves.

use std::sync::Arc;
use std::time::Duration;

use solti_metrics::exporter::{self, ExporterStatus};
use solti_metrics::{
    MetricsHandle, OtlpError, OtlpMetrics, OtlpProtocol, StatsdDialect, StatsdError, StatsdMetrics,
};
use tokio::task::spawn_blocking;

use crate::config::{Backend, Configuration, Dialect, Otlp, Protocol, Statsd};
use crate::error::Error;

/// A native backend that sends records on by itself. Clones are the same.
#[derive(Clone)]
pub(crate) struct Exporter {
    /// The key that it has in a configuration.
    kind: &'static str,
    /// Where it sends to.
    target: Arc<str>,
    backend: Arc<dyn exporter::Exporter>,
}

impl Exporter {
    /// This blocks: files are read.
    pub(super) fn new(name: &str, source: &Configuration, wanted: &Backend) -> Result<Self, Error> {
        match (&wanted.otlp, &wanted.statsd) {
            (Some(wanted), _) => {
                let otlp = otlp(name, source, wanted)?;
                Ok(Self {
                    kind: "otlp",
                    target: otlp.target().into(),
                    backend: Arc::new(otlp),
                })
            }
            (_, Some(wanted)) => {
                let statsd = statsd(name, wanted)?;
                Ok(Self {
                    kind: "statsd",
                    target: statsd.address().into(),
                    backend: Arc::new(statsd),
                })
            }
            // A configuration without any of the three was refused when it was read.
            _ => {
                let keys = ["backends", name].map(str::to_owned).to_vec();
                let what = "needs one of `component`, `otlp` and `statsd`".to_owned();
                Err(source.wrong(vec![(keys, what)]).into())
            }
        }
    }

    pub(crate) const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where it sends to.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(super) fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.backend) as MetricsHandle
    }

    pub(crate) fn status(&self) -> ExporterStatus {
        self.backend.status()
    }

    /// Sends what it has, and nothing after that.
    pub(super) async fn stop(&self, within: Duration) {
        let backend = Arc::clone(&self.backend);
        // It blocks for so long at most, and does not panic.
        let _ = spawn_blocking(move || backend.shutdown(within)).await;
    }
}

fn otlp(name: &str, source: &Configuration, wanted: &Otlp) -> Result<OtlpMetrics, OtlpError> {
    let mut builder = OtlpMetrics::builder(&wanted.endpoint)
        .name(name)
        .protocol(match wanted.protocol {
            Protocol::Http => OtlpProtocol::HttpProtobuf,
            Protocol::Grpc => OtlpProtocol::Grpc,
        })
        .interval(wanted.every.0.0)
        .timeout(wanted.timeout.0.0);
    for (name, value) in &wanted.headers {
        builder = builder.header(name, value);
    }
    for (key, value) in &wanted.resource {
        builder = builder.attribute(key, value);
    }
    if let Some(file) = &wanted.ca {
        builder = builder.ca_file(source.path(file));
    }
    builder.build()
}

fn statsd(name: &str, wanted: &Statsd) -> Result<StatsdMetrics, StatsdError> {
    let mut builder = StatsdMetrics::builder(&wanted.address)
        .name(name)
        .dialect(match wanted.dialect {
            Dialect::Plain => StatsdDialect::Plain,
            Dialect::Dogstatsd => StatsdDialect::DogStatsd,
        })
        .prefix(&wanted.prefix);
    for (name, value) in &wanted.tags {
        builder = builder.tag(name, value);
    }
    if let Some(records) = wanted.queue {
        builder = builder.queue_capacity(records.get());
    }
    builder.build()
}
