//! Export of ledgers through a `prometheus-client` registry.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::{DropReason, LedgerSnapshot};

/// Exports ledgers, so that lost records are visible next to the metrics.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `solti_metrics_records_accepted_total` | counter | `source` |
/// | `solti_metrics_records_delivered_total` | counter | `source` |
/// | `solti_metrics_records_dropped_total` | counter | `source`, `reason` |
/// | `solti_metrics_records_clamped_total` | counter | `source` |
/// | `solti_metrics_records_in_flight` | gauge | `source` |
///
/// ```
/// use prometheus_client::registry::Registry;
/// use solti_metrics_host::{LedgerTotals, LedgerCollector};
///
/// let totals = LedgerTotals::new();
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(
///     LedgerCollector::new().source("guests", move || totals.total()),
/// ));
/// ```
///
/// Clones share their sources: register one clone, and add sources later through another.
#[derive(Clone, Default)]
pub struct LedgerCollector {
    sources: Arc<Mutex<Vec<LedgerSource>>>,
}

/// Source of ledgers.
enum LedgerSource {
    One(Cow<'static, str>, Read),
    Many(ReadMany),
}

/// Reads a counter of a ledger.
type LedgerCount = fn(&LedgerSnapshot) -> u64;

type Read = Box<dyn Fn() -> LedgerSnapshot + Send + Sync>;

/// Reads ledgers, each with the label `source`.
type ReadMany = Box<dyn Fn() -> Vec<(String, LedgerSnapshot)> + Send + Sync>;

impl LedgerCollector {
    /// A collector without ledgers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a ledger, which each scrape reads, with the label `source`.
    #[must_use]
    pub fn source(
        self,
        name: impl Into<Cow<'static, str>>,
        read: impl Fn() -> LedgerSnapshot + Send + Sync + 'static,
    ) -> Self {
        self.add(name, read);
        self
    }

    /// The same as [`source`](Self::source), for a collector that is already registered.
    pub fn add(
        &self,
        name: impl Into<Cow<'static, str>>,
        read: impl Fn() -> LedgerSnapshot + Send + Sync + 'static,
    ) {
        let source = LedgerSource::One(name.into(), Box::new(read));
        self.sources().push(source);
    }

    /// Adds a changing set of ledgers: each scrape exports the ledgers that this function returns,
    /// each with its label `source`.
    pub fn add_many(
        &self,
        read: impl Fn() -> Vec<(String, LedgerSnapshot)> + Send + Sync + 'static,
    ) {
        self.sources().push(LedgerSource::Many(Box::new(read)));
    }

    /// Removes a ledger: it is no longer exported. Returns whether a ledger had this name; if
    /// several had, all of them are removed.
    pub fn remove(&self, name: &str) -> bool {
        let mut sources = self.sources();
        let before = sources.len();
        sources.retain(|source| !matches!(source, LedgerSource::One(known, _) if known == name));
        sources.len() < before
    }

    /// Reads all ledgers. Each is read once, so that the exported numbers balance.
    fn read(&self) -> Vec<(Cow<'static, str>, LedgerSnapshot)> {
        let mut ledgers = Vec::new();
        for source in &*self.sources() {
            match source {
                LedgerSource::One(name, read) => ledgers.push((name.clone(), read())),
                LedgerSource::Many(read) => {
                    let many = read().into_iter();
                    ledgers.extend(many.map(|(name, ledger)| (name.into(), ledger)));
                }
            }
        }
        ledgers
    }

    /// No code between lock and unlock can leave the list half-changed.
    fn sources(&self) -> MutexGuard<'_, Vec<LedgerSource>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LedgerCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.read()).finish()
    }
}

impl Collector for LedgerCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let ledgers = self.read();
        let counters: [(&str, &str, LedgerCount); 3] = [
            (
                "accepted",
                "Records accepted from the source.",
                LedgerSnapshot::accepted,
            ),
            (
                "delivered",
                "Records of the source that were delivered to their backend.",
                LedgerSnapshot::delivered,
            ),
            (
                "clamped",
                "Records of the source whose duration was lowered to the duration ceiling.",
                LedgerSnapshot::clamped,
            ),
        ];
        for (name, help, count) in counters {
            let name = format!("solti_metrics_records_{name}");
            let zero = ConstCounter::new(0_u64);
            let mut family = encoder.encode_descriptor(&name, help, None, zero.metric_type())?;
            for (source, ledger) in &ledgers {
                ConstCounter::new(count(ledger))
                    .encode(family.encode_family(&[("source", &**source)])?)?;
            }
        }
        let zero = ConstCounter::new(0_u64);
        let mut dropped = encoder.encode_descriptor(
            "solti_metrics_records_dropped",
            "Records of the source that were dropped, by reason.",
            None,
            zero.metric_type(),
        )?;
        for (source, ledger) in &ledgers {
            for reason in DropReason::ALL {
                ConstCounter::new(ledger.dropped(reason)).encode(
                    dropped
                        .encode_family(&[("source", &**source), ("reason", reason.as_label())])?,
                )?;
            }
        }
        let zero = ConstGauge::new(0_u64);
        let mut in_flight = encoder.encode_descriptor(
            "solti_metrics_records_in_flight",
            "Records of the source that are neither delivered nor dropped yet.",
            None,
            zero.metric_type(),
        )?;
        for (source, ledger) in &ledgers {
            ConstGauge::new(ledger.in_flight())
                .encode(in_flight.encode_family(&[("source", &**source)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    #[test]
    fn a_source_that_was_removed_is_no_longer_exported_and_may_come_back() -> Result<(), fmt::Error>
    {
        let ledgers = LedgerCollector::new();
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ledgers.clone()));
        let exported = |accepted: u64| {
            let mut text = String::new();
            encode(&mut text, &registry)?;
            let sample = format!("accepted_total{{source=\"one\"}} {accepted}\n");
            assert!(text.contains("source=\"other\""), "{text}");
            Ok::<_, fmt::Error>(text.contains(&sample))
        };
        ledgers.add("other", LedgerSnapshot::default);
        for accepted in [3, 5] {
            assert!(!ledgers.remove("one") && !exported(accepted)?);
            ledgers.add("one", move || LedgerSnapshot::counted(accepted, 0, &[]));
            assert!(exported(accepted)?);
            assert!(ledgers.remove("one") && !exported(accepted)?);
        }
        Ok(())
    }
}
