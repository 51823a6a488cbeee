//! Export of the state of backends through a `prometheus-client` registry.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::supervision::Supervision;
use super::{BackendState, BackendStatus, ComponentBackend};

/// Exports the state of backends. A [`LedgerCollector`](crate::LedgerCollector) exports the
/// outcomes of their records.
///
/// | metric | type | labels |
/// |---|---|---|
/// | `solti_metrics_backend_failures_total` | counter | `backend` |
/// | `solti_metrics_backend_restarts_total` | counter | `backend` |
/// | `solti_metrics_backend_replacements_total` | counter | `backend` |
/// | `solti_metrics_backend_busy_seconds_total` | counter | `backend` |
/// | `solti_metrics_backend_queue_length` | gauge | `backend` |
/// | `solti_metrics_backend_queue_capacity` | gauge | `backend` |
/// | `solti_metrics_backend_memory_bytes` | gauge | `backend` |
/// | `solti_metrics_backend_state` | gauge | `backend`, `state` |
///
/// The current state of a backend has the value 1, the others 0. Clones share their backends:
/// register one clone, and add backends later through another. A backend that is gone is no longer
/// exported; the counters of a [retired](Self::retire) backend stay.
///
/// Several backends of one name are exported as one: counters are added up, and gauges show the
/// backend that was added last.
#[derive(Clone, Default)]
pub struct BackendCollector {
    known: Arc<Mutex<KnownBackends>>,
}

#[derive(Default)]
struct KnownBackends {
    /// Backends in the order in which they were added.
    live: Vec<Weak<Supervision>>,
    retired: BTreeMap<Arc<str>, BackendCounts>,
}

/// Counters of a backend, which never decrease.
#[derive(Debug, Clone, Copy, Default)]
struct BackendCounts {
    failures: u64,
    restarts: u64,
    replacements: u64,
    busy: Duration,
}

/// Values that are exported under one name.
struct BackendSeries {
    name: Arc<str>,
    counts: BackendCounts,
    /// Status of the backend that was added last; `None` if all are gone.
    status: Option<BackendStatus>,
}

/// Reads a counter of a backend.
type BackendCount = fn(&BackendCounts) -> u64;

/// Reads a gauge of a backend.
type BackendGauge = fn(&BackendStatus) -> u64;

impl BackendCounts {
    fn of(status: &BackendStatus) -> Self {
        Self {
            failures: status.failures,
            restarts: status.restarts,
            replacements: status.replacements,
            busy: status.busy,
        }
    }
}

impl AddAssign for BackendCounts {
    fn add_assign(&mut self, other: Self) {
        self.failures += other.failures;
        self.restarts += other.restarts;
        self.replacements += other.replacements;
        self.busy = self.busy.saturating_add(other.busy);
    }
}

impl BackendCollector {
    /// A collector without backends.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a backend, which each scrape reads, under its name.
    pub fn add(&self, backend: &ComponentBackend) {
        let supervision = Arc::downgrade(backend.supervision());
        self.known.lock().live.push(supervision);
    }

    /// Removes a backend, and keeps the current values of its counters under its name. The counters
    /// of a backend of that name that is added later are added to them.
    pub fn retire(&self, backend: &ComponentBackend) {
        let mut known = self.known.lock();
        let before = known.live.len();
        let is_it = |it: &Weak<Supervision>| std::ptr::eq(it.as_ptr(), &**backend.supervision());
        known.live.retain(|it| !is_it(it));
        if known.live.len() < before {
            let status = backend.status();
            *known.retired.entry(status.name.clone()).or_default() += BackendCounts::of(&status);
        }
    }

    /// Adds the kept counters of retired backends of this name to the kept counters of another
    /// name, and removes them under their own.
    pub fn merge_retired(&self, name: &str, into: &str) {
        let mut known = self.known.lock();
        if let Some(counts) = known.retired.remove(name) {
            *known.retired.entry(into.into()).or_default() += counts;
        }
    }

    fn named(&self) -> Vec<BackendSeries> {
        let mut known = self.known.lock();
        known.live.retain(|backend| backend.strong_count() > 0);
        let retired = known.retired.iter();
        let mut named: Vec<_> = retired
            .map(|(name, counts)| BackendSeries {
                name: Arc::clone(name),
                counts: *counts,
                status: None,
            })
            .collect();
        for backend in known.live.iter().filter_map(Weak::upgrade) {
            let status = backend.status();
            let counts = BackendCounts::of(&status);
            match named.iter_mut().find(|it| it.name == status.name) {
                Some(same) => {
                    same.counts += counts;
                    same.status = Some(status);
                }
                None => named.push(BackendSeries {
                    name: Arc::clone(&status.name),
                    counts,
                    status: Some(status),
                }),
            }
        }
        named
    }
}

impl fmt::Debug for BackendCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.named().iter().map(|it| &it.name))
            .finish()
    }
}

impl Collector for BackendCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let backends = self.named();
        let counters: [(&str, &str, BackendCount); 3] = [
            (
                "failures",
                "Instances of the component backend that failed to start, or ended by a trap, a timeout or a limit.",
                |it| it.failures,
            ),
            (
                "restarts",
                "Instances of the component backend that were started after its first instance.",
                |it| it.restarts,
            ),
            (
                "replacements",
                "Replacements of the component of the backend by another component.",
                |it| it.replacements,
            ),
        ];
        let gauges: [(&str, &str, BackendGauge); 3] = [
            (
                "queue_length",
                "Records in the queue of the component backend.",
                |it| it.queue_length as u64,
            ),
            (
                "queue_capacity",
                "Maximum number of records in the queue of the component backend.",
                |it| it.queue_capacity as u64,
            ),
            (
                "memory_bytes",
                "Memory of the component backend, in bytes: linear memories, tables and instance data.",
                |it| it.memory_bytes,
            ),
        ];
        for (name, help, count) in counters {
            let name = format!("solti_metrics_backend_{name}");
            let kind = ConstCounter::new(0_u64).metric_type();
            let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
            for backend in &backends {
                let labels = [("backend", &*backend.name)];
                ConstCounter::new(count(&backend.counts)).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut busy = encoder.encode_descriptor(
            "solti_metrics_backend_busy_seconds",
            "Time that the component backend spent on records, in seconds.",
            None,
            ConstCounter::new(0.0).metric_type(),
        )?;
        for backend in &backends {
            let labels = [("backend", &*backend.name)];
            ConstCounter::new(backend.counts.busy.as_secs_f64())
                .encode(busy.encode_family(&labels)?)?;
        }
        for (name, help, count) in gauges {
            let name = format!("solti_metrics_backend_{name}");
            let kind = ConstGauge::new(0_u64).metric_type();
            let mut family = encoder.encode_descriptor(&name, help, None, kind)?;
            for backend in backends.iter().filter_map(|it| it.status.as_ref()) {
                let labels = [("backend", &*backend.name)];
                ConstGauge::new(count(backend)).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "solti_metrics_backend_state",
            "State of the component backend: 1 for the current state, 0 for the others.",
            None,
            ConstGauge::new(0_u64).metric_type(),
        )?;
        for backend in backends.iter().filter_map(|it| it.status.as_ref()) {
            for state in BackendState::ALL {
                let labels = [("backend", &*backend.name), ("state", state.as_label())];
                let is = u64::from(backend.state == state);
                ConstGauge::new(is).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}
