use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::supervision::Supervision;
use super::{BackendState, BackendStatus, ComponentBackend};

/// Exports how backends are. What became of their records is exported by a
/// [`LedgerCollector`](crate::LedgerCollector).
///
/// | metric | type | labels |
/// |---|---|---|
/// | `solti_metrics_backend_failures_total` | counter | `backend` |
/// | `solti_metrics_backend_restarts_total` | counter | `backend` |
/// | `solti_metrics_backend_swaps_total` | counter | `backend` |
/// | `solti_metrics_backend_busy_seconds_total` | counter | `backend` |
/// | `solti_metrics_backend_queue_length` | gauge | `backend` |
/// | `solti_metrics_backend_queue_capacity` | gauge | `backend` |
/// | `solti_metrics_backend_memory_bytes` | gauge | `backend` |
/// | `solti_metrics_backend_state` | gauge | `backend`, `state` |
///
/// The state in which a backend is has the value 1, and the others 0. Clones
/// share their backends: one may be registered, and others added later. A
/// backend that is gone is no longer exported.
#[derive(Clone, Default)]
pub struct BackendCollector {
    backends: Arc<Mutex<Vec<Weak<Supervision>>>>,
}

/// A count of a backend.
type Count = fn(&BackendStatus) -> u64;

impl BackendCollector {
    /// A collector of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a backend, read at each scrape, under its name.
    pub fn add(&self, backend: &ComponentBackend) {
        let supervision = Arc::downgrade(backend.supervision());
        self.backends.lock().push(supervision);
    }

    fn statuses(&self) -> Vec<BackendStatus> {
        let mut backends = self.backends.lock();
        backends.retain(|backend| backend.strong_count() > 0);
        let backends = backends.iter().filter_map(Weak::upgrade);
        backends.map(|backend| backend.status()).collect()
    }
}

impl fmt::Debug for BackendCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.statuses()).finish()
    }
}

impl Collector for BackendCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let backends = self.statuses();
        let counters: [(&str, &str, Count); 3] = [
            ("failures", "Instances that failed.", |it| it.failures),
            ("restarts", "Instances made after the first.", |it| {
                it.restarts
            }),
            (
                "swaps",
                "Times that another provider took the place of the one before.",
                |it| it.swaps,
            ),
        ];
        let gauges: [(&str, &str, Count); 3] = [
            ("queue_length", "Records that wait.", |it| it.queued as u64),
            ("queue_capacity", "Records that can wait.", |it| {
                it.queue as u64
            }),
            (
                "memory_bytes",
                "Linear memory that the instance has, all memories together.",
                |it| it.memory,
            ),
        ];
        for (name, help, count) in counters {
            let name = format!("solti_metrics_backend_{name}");
            let kind = ConstCounter::new(0_u64).metric_type();
            let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
            for backend in &backends {
                let labels = [("backend", &*backend.name)];
                ConstCounter::new(count(backend)).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut busy = encoder.encode_descriptor(
            "solti_metrics_backend_busy_seconds",
            "Time that instances were at work on records.",
            None,
            ConstCounter::new(0.0).metric_type(),
        )?;
        for backend in &backends {
            let labels = [("backend", &*backend.name)];
            ConstCounter::new(backend.busy.as_secs_f64()).encode(busy.encode_family(&labels)?)?;
        }
        for (name, help, count) in gauges {
            let name = format!("solti_metrics_backend_{name}");
            let kind = ConstGauge::new(0_u64).metric_type();
            let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
            for backend in &backends {
                let labels = [("backend", &*backend.name)];
                ConstGauge::new(count(backend)).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "solti_metrics_backend_state",
            "What a backend does: 1 for the state in which it is.",
            None,
            ConstGauge::new(0_u64).metric_type(),
        )?;
        for backend in &backends {
            for state in BackendState::ALL {
                let labels = [("backend", &*backend.name), ("state", state.as_label())];
                let is = u64::from(backend.state == state);
                ConstGauge::new(is).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
