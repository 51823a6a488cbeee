//! Metrics of ledgers and component backends, for the scraped registry.

use prometheus_client::registry::Registry;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::provider::BackendCollector;
use solti_metrics_host::{LedgerCollector, LedgerSnapshot, LedgerTotals};

use crate::component::Component;

/// Metrics that are exported in addition to those of tasks: ledgers and the state of
/// component backends. Clones export the same metrics.
#[derive(Clone)]
pub struct ExportedMetrics {
    ledgers: LedgerCollector,
    backends: BackendCollector,
}

impl ExportedMetrics {
    /// Exports the ledgers of guests and of the runner.
    pub fn new(guests: &LedgerTotals, own: &LedgerTotals) -> Self {
        let (guests, own) = (guests.clone(), own.clone());
        Self {
            ledgers: LedgerCollector::new()
                .source("guests", move || guests.total())
                .source("runner", move || own.total()),
            backends: BackendCollector::new(),
        }
    }

    /// Builds the scraped registry, in addition to the metrics that `registry` has.
    pub fn prometheus(&self, mut registry: Registry) -> PrometheusMetrics {
        registry.register_collector(Box::new(self.ledgers.clone()));
        registry.register_collector(Box::new(self.backends.clone()));
        PrometheusMetrics::with_registry(registry)
    }

    /// Also exports a component and its ledger.
    pub fn add(&self, component: &Component) {
        let ledger = component.backend.ledger();
        let name = component.name.to_string();
        self.ledgers.add(name, move || ledger.snapshot());
        self.backend(component);
    }

    /// Also exports the state of a component, while the component exists. Its ledger is
    /// exported separately.
    pub(crate) fn backend(&self, component: &Component) {
        self.backends.add(&component.backend);
    }

    /// Exports only the counters of a component, with their current values.
    pub(crate) fn retire(&self, component: &Component) {
        self.backends.retire(&component.backend);
    }

    /// Adds the counts of one name to those of another name.
    pub(crate) fn merge_retired(&self, name: &str, into: &str) {
        self.backends.merge_retired(name, into);
    }

    /// Also exports ledgers whose number changes.
    pub(crate) fn ledgers(
        &self,
        read: impl Fn() -> Vec<(String, LedgerSnapshot)> + Send + Sync + 'static,
    ) {
        self.ledgers.add_many(read);
    }
}
