use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{MetricsHandle, OtlpMetrics, OtlpProtocol, StatsdDialect, StatsdMetrics};
use solti_metrics_host::{DropReason, LedgerSnapshot};
use tokio::task::spawn_blocking;

use crate::config::{Backend, Configuration, Dialect, Otlp, Protocol, Statsd};

/// A native backend that sends records on by itself.
#[derive(Clone)]
pub(crate) enum Exporter {
    Otlp(Arc<OtlpMetrics>),
    Statsd(Arc<StatsdMetrics>),
}

/// How it is, at one moment.
pub(crate) struct ExporterStatus {
    pub(crate) attempts: u64,
    pub(crate) failures: u64,
    pub(crate) last_error: Option<String>,
    /// How many records wait, and how many may, where there is a queue.
    pub(crate) queue: Option<(usize, usize)>,
    pub(crate) ledger: LedgerSnapshot,
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
            Self::Otlp(exporter) => {
                let status = exporter.status();
                let dropped = [(DropReason::ShutDown, status.dropped)];
                ExporterStatus {
                    attempts: status.attempts,
                    failures: status.failures,
                    last_error: status.last_error,
                    queue: None,
                    ledger: LedgerSnapshot::counted(status.accepted, status.delivered, &dropped),
                }
            }
            Self::Statsd(exporter) => {
                let status = exporter.status();
                let dropped = [
                    (DropReason::QueueFull, status.dropped.queue_full),
                    (DropReason::BackendFailed, status.dropped.send_failed),
                    (DropReason::ShutDown, status.dropped.shut_down),
                ];
                ExporterStatus {
                    attempts: status.attempts,
                    failures: status.failures,
                    last_error: status.last_error,
                    queue: Some((status.queued, status.queue)),
                    ledger: LedgerSnapshot::counted(status.accepted, status.delivered, &dropped),
                }
            }
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
