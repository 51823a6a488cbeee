//! Backends that receive no more records and drain their queues.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics::{MetricsHandle, ReplaceableMetrics};
use solti_metrics_host::DropReason;
use tokio::sync::Notify;

use crate::backend_ledgers::{BackendLedgers, BackendTotals};
use crate::drain::drain;
use crate::exported_metrics::ExportedMetrics;
use crate::retired::RETIRED;
use crate::running_backend::{BackendKind, RunningBackend};

/// Maximum number of backends that drain concurrently. A reload beyond that waits.
const MAX_DRAINING: usize = 64;

/// The backends that drain.
pub(super) struct DrainingBackends {
    ledgers: BackendLedgers,
    exported: ExportedMetrics,
    /// No task awaits while it holds this lock.
    draining: Mutex<Vec<DrainingBackend>>,
    /// Notified when a backend has drained.
    left: Notify,
}

/// A backend that drains.
#[derive(Clone)]
pub(super) struct DrainingBackend {
    pub(super) backend: RunningBackend,
    /// Destination of a middleware.
    pub(super) behind: Option<Arc<ReplaceableMetrics>>,
}

impl DrainingBackends {
    pub(super) fn new(ledgers: BackendLedgers, exported: ExportedMetrics) -> Self {
        Self {
            ledgers,
            exported,
            draining: Mutex::default(),
            left: Notify::new(),
        }
    }

    pub(super) fn backends(&self) -> Vec<RunningBackend> {
        let draining = self.draining.lock();
        draining
            .iter()
            .map(|draining| draining.backend.clone())
            .collect()
    }

    /// Waits until the number of draining backends is below the maximum.
    pub(super) async fn wait_for_capacity(&self) {
        loop {
            let left = self.left.notified();
            if self.draining.lock().len() < MAX_DRAINING {
                return;
            }
            left.await;
        }
    }

    /// Drains the backends in the background, within the time limit.
    pub(super) fn start(self: &Arc<Self>, draining: Vec<DrainingBackend>, within: Duration) {
        if draining.is_empty() {
            return;
        }
        {
            let mut all = self.draining.lock();
            // Earlier middlewares that still forward to one of these must skip it.
            for now in &draining {
                if let Some(behind) = &now.behind {
                    let (from, to) = (now.backend.handle(), Arc::clone(behind) as MetricsHandle);
                    let earlier = all.iter().filter_map(|earlier| earlier.behind.as_ref());
                    let other = earlier.filter(|other| !Arc::ptr_eq(other, behind));
                    other.for_each(|other| {
                        other.replace_if(&from, &to);
                    });
                }
            }
            all.extend(draining.iter().cloned());
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let running: Vec<_> = draining
                .into_iter()
                .map(|draining| draining.backend)
                .collect();
            stop(&running, within).await;
            running.iter().for_each(|backend| this.has_drained(backend));
        });
    }

    fn has_drained(&self, backend: &RunningBackend) {
        tell(backend);
        // Gauges are removed before the backend is reported as gone.
        if let Some(component) = backend.component() {
            self.exported.retire(component);
        }
        let forgotten = self.ledgers.retire(backend);
        if let Some(forgotten) = forgotten {
            self.exported.merge_retired(&forgotten, RETIRED);
        }
        self.draining
            .lock()
            .retain(|draining| !draining.backend.is_same(backend));
        self.left.notify_waiters();
    }
}

/// Logs the ledger of the backend; the ledger of its name includes it.
fn tell(backend: &RunningBackend) {
    let (backend, ledger) = (&*backend.name, BackendTotals::of(backend).ledger);
    let (delivered, dropped) = (ledger.delivered(), ledger.dropped_total());
    if dropped == ledger.dropped(DropReason::Sampled) {
        tracing::info!(backend, delivered, dropped, "backend retired");
    } else {
        tracing::warn!(backend, delivered, dropped, "backend retired");
    }
}

/// Stops the backends: they receive no more records, and drain their queues. Middlewares
/// stop first, in their order, then all others concurrently.
pub(super) async fn stop(running: &[RunningBackend], within: Duration) {
    let start = Instant::now();
    let components = running
        .iter()
        .filter_map(RunningBackend::component)
        .cloned();
    let (middlewares, backends): (Vec<_>, Vec<_>) = components.partition(|it| it.middleware);
    drain(&middlewares, within).await;
    let left = within.saturating_sub(start.elapsed());
    let mut stopping = tokio::task::JoinSet::new();
    for backend in running {
        if let BackendKind::Exporter(exporter, _) = &backend.kind {
            let exporter = exporter.clone();
            stopping.spawn(async move { exporter.stop(left).await });
        }
    }
    drain(&backends, left).await;
    while stopping.join_next().await.is_some() {}
}
