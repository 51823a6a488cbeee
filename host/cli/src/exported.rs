use prometheus_client::registry::Registry;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::provider::BackendCollector;
use solti_metrics_host::{LedgerBook, LedgerCollector, LedgerSnapshot};

use crate::component::Component;

/// What is exported beside the tasks: what became of their records, and how those are
/// who receive them. Clones export the same.
#[derive(Clone)]
pub(crate) struct Exported {
    ledgers: LedgerCollector,
    backends: BackendCollector,
}

impl Exported {
    pub(crate) fn new(guests: &LedgerBook, own: &LedgerBook) -> Self {
        let (guests, own) = (guests.clone(), own.clone());
        Self {
            ledgers: LedgerCollector::new()
                .source("guests", move || guests.total())
                .source("runner", move || own.total()),
            backends: BackendCollector::new(),
        }
    }

    /// What is scraped, beside whatever is registered there already.
    pub(crate) fn prometheus(&self, mut registry: Registry) -> PrometheusMetrics {
        registry.register_collector(Box::new(self.ledgers.clone()));
        registry.register_collector(Box::new(self.backends.clone()));
        PrometheusMetrics::with_registry(registry)
    }

    /// Exports a component, too, for as long as it is there.
    pub(crate) fn add(&self, component: &Component) {
        let ledger = component.backend.ledger();
        self.ledger(&component.name, move || ledger.snapshot());
        self.backends.add(&component.backend);
    }

    /// Exports a ledger, too.
    pub(crate) fn ledger(
        &self,
        name: &str,
        read: impl Fn() -> LedgerSnapshot + Send + Sync + 'static,
    ) {
        self.ledgers.add(name.to_owned(), read);
    }

    /// Exports what became of somebody's records no more.
    pub(crate) fn remove(&self, name: &str) {
        self.ledgers.remove(name);
    }
}
