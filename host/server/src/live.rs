//! The state of a running server that pages, metrics and reloads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use parking_lot::Mutex;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::BackendState;
use solti_metrics_host::runner::Runner;
use solti_metrics_host::{LedgerSnapshot, LedgerTotals};

use crate::backends::Backends;
use crate::http::Hits;
use crate::reading::Reads;
use crate::retired::RETIRED;
use crate::running_tasks::RunningTasks;

/// The state of a running server.
pub(crate) struct Live {
    pub(crate) file: String,
    pub(crate) start: Instant,
    pub(crate) started_at: SystemTime,
    /// Start time of this process, in seconds since 1970, as read at the start.
    pub(crate) process_start: f64,
    pub(crate) concurrency: usize,
    pub(crate) tasks: RunningTasks,
    pub(crate) backends: Backends,
    pub(crate) scraped: Arc<PrometheusMetrics>,
    /// Length of the last exposition. A hint, so the accesses are relaxed.
    pub(crate) exposition_bytes: AtomicUsize,
    pub(crate) guests: LedgerTotals,
    pub(crate) own: LedgerTotals,
    pub(crate) runner: Runner,
    pub(crate) artifacts: Artifacts,
    pub(crate) cache: Option<ArtifactCache>,
    pub(crate) hits: Arc<Hits>,
    /// Log entries that could not be written.
    pub(crate) lost_entries: Arc<AtomicU64>,
    pub(crate) reads: Reads,
    pub(super) reloads: Mutex<Reloads>,
    /// Whether the server was asked to stop. Only probes read this flag and the next one. They
    /// read other state under its own lock, so the accesses are relaxed.
    pub(super) draining: AtomicBool,
    /// Whether all tasks and backends have started.
    pub(super) is_started: AtomicBool,
}

/// Counts of configuration reloads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reloads {
    pub(crate) applied: u64,
    /// Reloads that could not be applied completely.
    pub(crate) failed: u64,
    /// Error of the last reload; `None` if it was applied completely.
    pub(crate) last_error: Option<String>,
}

impl Live {
    pub(crate) fn reloads(&self) -> Reloads {
        self.reloads.lock().clone()
    }

    /// Number of reloads. Each changes the pages.
    pub(crate) fn edition(&self) -> u64 {
        let reloads = self.reloads.lock();
        reloads.applied + reloads.failed
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Ledgers of guests, of the runner, and of each backend name, including removed
    /// backends.
    pub(super) fn ledgers(&self) -> Vec<(String, LedgerSnapshot)> {
        let mut ledgers = vec![
            ("guests".into(), self.guests.total()),
            ("runner".into(), self.own.total()),
        ];
        for (name, counts) in self.backends.ledgers().all() {
            let ledger = counts.ledger;
            // The row of forgotten names is shown only if it has records.
            if name != RETIRED || ledger.accepted() > 0 {
                ledgers.push((name, ledger));
            }
        }
        ledgers
    }

    /// Reason why the server is not ready, if it is not.
    pub(crate) fn why_not_ready(&self) -> Option<&'static str> {
        if self.is_draining() {
            return Some("draining: the server is stopping");
        }
        if !self.is_started.load(Ordering::Relaxed) {
            return Some("starting");
        }
        let running = self.backends.running();
        let is_open = |state| state == Some(BackendState::CircuitOpen);
        let mut states = running
            .iter()
            .map(|backend| Some(backend.component()?.status().state));
        (!running.is_empty() && states.all(is_open))
            .then_some("the circuit breakers of all backends are open")
    }
}
