//! Metrics of ledgers and component backends, for the scraped registry.

use prometheus_client::registry::Registry;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::provider::BackendCollector;
use solti_metrics_host::{LedgerCollector, LedgerSnapshot, LedgerTotals};

use crate::component::Component;

/// What is exported beside the tasks: what became of their records, and how those are
/// who receive them. Clones export the same.
#[derive(Clone)]
pub struct Exported {
    ledgers: LedgerCollector,
    backends: BackendCollector,
}

impl Exported {
    /// Exports the ledgers of guests, and of what runs them.
    pub fn new(guests: &LedgerTotals, own: &LedgerTotals) -> Self {
        let (guests, own) = (guests.clone(), own.clone());
        Self {
            ledgers: LedgerCollector::new()
                .source("guests", move || guests.total())
                .source("runner", move || own.total()),
            backends: BackendCollector::new(),
        }
    }

    /// What is scraped, beside whatever is registered there already.
    pub fn prometheus(&self, mut registry: Registry) -> PrometheusMetrics {
        registry.register_collector(Box::new(self.ledgers.clone()));
        registry.register_collector(Box::new(self.backends.clone()));
        PrometheusMetrics::with_registry(registry)
    }

    /// Exports a component and its ledger, too.
    pub fn add(&self, component: &Component) {
        let ledger = component.backend.ledger();
        let name = component.name.to_string();
        self.ledgers.add(name, move || ledger.snapshot());
        self.backend(component);
    }

    /// Exports how a component is, too, for as long as it is there. Its ledger is
    /// exported by somebody else.
    pub(crate) fn backend(&self, component: &Component) {
        self.backends.add(&component.backend);
    }

    /// Exports only what was counted of it, as it is now.
    pub(crate) fn retire(&self, component: &Component) {
        self.backends.retire(&component.backend);
    }

    /// Adds what was counted under one name to what was under another one.
    pub(crate) fn merge_retired(&self, name: &str, into: &str) {
        self.backends.merge_retired(name, into);
    }

    /// Exports ledgers that come and go, too.
    pub(crate) fn ledgers(
        &self,
        read: impl Fn() -> Vec<(String, LedgerSnapshot)> + Send + Sync + 'static,
    ) {
        self.ledgers.add_many(read);
    }
}
