//! Ledgers by the name of a backend or middleware, over all instances of the name since
//! the start.

use std::ops::AddAssign;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use solti_metrics_host::LedgerSnapshot;

use crate::retired::{RETIRED, Retired};
use crate::running_backend::{BackendKind, RunningBackend};

/// Ledgers by name. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct BackendLedgers(Arc<Mutex<LedgerState>>);

#[derive(Default)]
struct LedgerState {
    /// Backends that receive records, or drain.
    live: Vec<RunningBackend>,
    /// Counts of removed backends, including names that are in use again.
    retired: Retired<BackendTotals>,
    rest: BackendTotals,
}

/// Counters of a backend, which never decrease.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct BackendTotals {
    pub(crate) ledger: LedgerSnapshot,
    /// Failed instances or pushes.
    pub(crate) failures: u64,
    pub(crate) restarts: u64,
    pub(crate) replacements: u64,
    /// Only of native exporters.
    pub(crate) exports: Option<ExportCounts>,
}

/// Counts of export attempts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ExportCounts {
    pub(crate) attempts: u64,
    pub(crate) failures: u64,
}

impl BackendTotals {
    pub(super) fn of(backend: &RunningBackend) -> Self {
        match &backend.kind {
            BackendKind::Component(component, ..) => {
                let status = component.status();
                Self {
                    ledger: status.ledger,
                    failures: status.failures,
                    restarts: status.restarts,
                    replacements: status.replacements,
                    exports: None,
                }
            }
            BackendKind::Exporter(exporter, _) => {
                let status = exporter.status();
                Self {
                    ledger: status.ledger,
                    failures: status.failures,
                    restarts: 0,
                    replacements: 0,
                    exports: Some(ExportCounts {
                        attempts: status.attempts,
                        failures: status.failures,
                    }),
                }
            }
        }
    }
}

impl AddAssign for BackendTotals {
    fn add_assign(&mut self, other: Self) {
        self.ledger += other.ledger;
        self.failures += other.failures;
        self.restarts += other.restarts;
        self.replacements += other.replacements;
        if let Some(more) = other.exports {
            let exports = self.exports.get_or_insert_default();
            exports.attempts += more.attempts;
            exports.failures += more.failures;
        }
    }
}

impl BackendLedgers {
    /// Adds a backend, whose counts are added to those of its name.
    pub(super) fn enter(&self, backend: &RunningBackend) {
        self.0.lock().live.push(backend.clone());
    }

    /// Removes a backend that has drained, and keeps its counts. Returns the name that is
    /// forgotten because of that, if there is one.
    pub(super) fn retire(&self, backend: &RunningBackend) -> Option<String> {
        let mut inner = self.0.lock();
        let LedgerState {
            live,
            retired,
            rest,
        } = &mut *inner;
        let before = live.len();
        live.retain(|other| !other.is_same(backend));
        if live.len() == before {
            return None;
        }
        let mut counts = retired.take(&backend.name).unwrap_or_default();
        counts += BackendTotals::of(backend);
        retired.put(&backend.name, counts);
        let (forgotten, counts) =
            retired.take_beyond(|name| live.iter().any(|it| *it.name == *name))?;
        *rest += counts;
        Some(forgotten)
    }

    /// Counts by name, in the order of names, followed by the sum of forgotten names.
    pub(crate) fn all(&self) -> Vec<(String, BackendTotals)> {
        self.0.lock().all()
    }

    /// Counts of all backends that have had this name.
    pub(crate) fn of(&self, name: &str) -> BackendTotals {
        let inner = self.0.lock();
        let mut counts = inner.retired.get(name).copied().unwrap_or_default();
        let same = inner.live.iter().filter(|it| *it.name == *name);
        same.for_each(|it| counts += BackendTotals::of(it));
        counts
    }

    /// Names that none of these backends has, in their order, each with whether a backend
    /// of that name still drains.
    pub(crate) fn without(&self, running: &[RunningBackend]) -> Vec<(String, bool, BackendTotals)> {
        let inner = self.0.lock();
        let is_one = |name: &str| running.iter().any(|it| *it.name == *name);
        let gone = inner.all().into_iter().filter(|(name, _)| !is_one(name));
        gone.map(|(name, counts)| {
            let drains = inner.live.iter().any(|it| *it.name == *name);
            (name, drains, counts)
        })
        .collect()
    }

    /// Returns a function that reads the ledgers. It holds a weak reference, because an
    /// exported backend may own the exporter.
    pub(super) fn reader(&self) -> impl Fn() -> Vec<(String, LedgerSnapshot)> + use<> {
        let inner: Weak<_> = Arc::downgrade(&self.0);
        move || {
            let all = inner.upgrade().map(|inner| inner.lock().all());
            let all = all.into_iter().flatten();
            all.map(|(name, counts)| (name, counts.ledger)).collect()
        }
    }
}

impl LedgerState {
    fn all(&self) -> Vec<(String, BackendTotals)> {
        let retired = self.retired.iter();
        let mut all: std::collections::BTreeMap<_, _> = retired
            .map(|(name, counts)| (name.clone(), *counts))
            .collect();
        for backend in &self.live {
            *all.entry(backend.name.to_string()).or_default() += BackendTotals::of(backend);
        }
        let rest = (RETIRED.to_owned(), self.rest);
        all.into_iter().chain([rest]).collect()
    }
}
