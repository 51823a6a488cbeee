use std::sync::Arc;
use std::time::Duration;

use solti_metrics::exporter::ExporterStatus;
use solti_metrics::{MetricsHandle, OtlpMetrics, OtlpProtocol, StatsdDialect, StatsdMetrics};
use tokio::task::spawn_blocking;

use crate::config::{Backend, Configuration, Dialect, Otlp, Protocol, Statsd};

/// A native backend that sends records on by itself.
#[derive(Clone)]
pub(crate) enum Exporter {
    Otlp(Arc<OtlpMetrics>),
    Statsd(Arc<StatsdMetrics>),
}

impl Exporter {
    /// This blocks: files are read.
    pub(super) fn new(
        name: &str,
        source: &Configuration,
        wanted: &Backend,
    ) -> anyhow::Result<Self> {
        match (&wanted.otlp, &wanted.statsd) {
            (Some(otlp), _) => Self::otlp(name, source, otlp),
            (_, Some(statsd)) => Self::statsd(name, statsd),
            // One of the three is there, which was looked at.
            _ => anyhow::bail!("needs one of `component`, `otlp` and `statsd`"),
        }
    }

    fn otlp(name: &str, source: &Configuration, wanted: &Otlp) -> anyhow::Result<Self> {
        let mut builder = OtlpMetrics::builder(&wanted.endpoint)
            .name(name)
            .protocol(match wanted.protocol {
                Protocol::Http => OtlpProtocol::HttpProtobuf,
                Protocol::Grpc => OtlpProtocol::Grpc,
            })
            .every(wanted.every.0.0)
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
        Ok(Self::Otlp(Arc::new(builder.build()?)))
    }

    fn statsd(name: &str, wanted: &Statsd) -> anyhow::Result<Self> {
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
            builder = builder.queue(records.get());
        }
        Ok(Self::Statsd(Arc::new(builder.build()?)))
    }

    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Otlp(_) => "otlp",
            Self::Statsd(_) => "statsd",
        }
    }

    /// Where it sends to.
    pub(crate) fn target(&self) -> &str {
        match self {
            Self::Otlp(exporter) => exporter.target(),
            Self::Statsd(exporter) => exporter.address(),
        }
    }

    pub(super) fn handle(&self) -> MetricsHandle {
        match self {
            Self::Otlp(exporter) => exporter.clone(),
            Self::Statsd(exporter) => exporter.clone(),
        }
    }

    pub(crate) fn status(&self) -> ExporterStatus {
        match self {
            Self::Otlp(exporter) => exporter.status(),
            Self::Statsd(exporter) => exporter.status(),
        }
    }

    /// Sends what it has, and nothing after that.
    pub(super) async fn stop(&self, within: Duration) {
        let this = self.clone();
        // It blocks for so long at most, and does not panic.
        let _ = spawn_blocking(move || match this {
            Self::Otlp(exporter) => drop(exporter.shutdown(within)),
            Self::Statsd(exporter) => drop(exporter.shutdown(within)),
        })
        .await;
    }
}
