use std::sync::Arc;

use anyhow::bail;
use prometheus_client::registry::Registry;
use solti_metrics::{FanoutMetrics, MetricsHandle, PrometheusMetrics, noop_metrics};
use solti_metrics_host::{LedgerBook, LedgerCollector};

use crate::args::{Backend, Format, RunArgs};
use crate::summary::Summary;

/// What receives the records, and what the report is made from afterwards.
pub(crate) struct Backends {
    pub(crate) chosen: Backend,
    pub(crate) handle: MetricsHandle,
    pub(crate) summary: Option<Arc<Summary>>,
    pub(crate) prometheus: Option<Arc<PrometheusMetrics>>,
    pub(crate) guests: LedgerBook,
    pub(crate) own: LedgerBook,
}

impl Backends {
    /// What was asked for.
    ///
    /// Fails when the options contradict each other.
    pub(crate) fn choose(args: &RunArgs) -> anyhow::Result<Self> {
        let scraped = args.listen.is_some() || args.format == Format::Prometheus;
        let chosen = match args.backend {
            Some(Backend::Prometheus) => Backend::Prometheus,
            Some(other) if scraped => bail!(
                "--backend {} has nothing to scrape: leave it out, or choose --backend prometheus, with {}",
                other.as_label(),
                if args.listen.is_some() {
                    "--listen"
                } else {
                    "--format prometheus"
                },
            ),
            Some(other) => other,
            None if scraped => Backend::Prometheus,
            None => Backend::Memory,
        };
        let (guests, own) = (LedgerBook::new(), LedgerBook::new());
        let summary = (chosen != Backend::Noop).then(|| Arc::new(Summary::default()));
        let prometheus =
            (chosen == Backend::Prometheus).then(|| Arc::new(prometheus(&guests, &own)));
        let handle: MetricsHandle = match (&summary, &prometheus) {
            (Some(summary), Some(prometheus)) => Arc::new(FanoutMetrics::new([
                Arc::clone(summary) as MetricsHandle,
                Arc::clone(prometheus) as MetricsHandle,
            ])),
            (Some(summary), None) => Arc::clone(summary) as MetricsHandle,
            _ => noop_metrics(),
        };
        Ok(Self {
            chosen,
            handle,
            summary,
            prometheus,
            guests,
            own,
        })
    }
}

/// The tasks, and behind them what became of their records.
fn prometheus(guests: &LedgerBook, own: &LedgerBook) -> PrometheusMetrics {
    let (guests, own) = (guests.clone(), own.clone());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(
        LedgerCollector::new()
            .source("guests", move || guests.total())
            .source("runner", move || own.total()),
    ));
    PrometheusMetrics::with_registry(registry)
}
