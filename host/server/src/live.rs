//! The state of a running server that pages, metrics and reloads share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use parking_lot::Mutex;
use solti_metrics::PrometheusMetrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::BackendState;
use solti_metrics_host::runner::Runner;
use solti_metrics_host::{LedgerSnapshot, LedgerTotals};

use crate::http::Hits;
use crate::reading::Reads;
use crate::receivers::Receivers;
use crate::retired::RETIRED;
use crate::tasks::Tasks;

/// All that can be looked at of a runner that serves.
pub(crate) struct Live {
    pub(crate) file: String,
    pub(crate) began: Instant,
    pub(crate) began_at: SystemTime,
    /// When this process began, in seconds since 1970, as it was known at the start.
    pub(crate) process_began: f64,
    pub(crate) concurrency: usize,
    pub(crate) tasks: Tasks,
    pub(crate) receivers: Receivers,
    pub(crate) scraped: Arc<PrometheusMetrics>,
    pub(crate) guests: LedgerTotals,
    pub(crate) own: LedgerTotals,
    pub(crate) runner: Runner,
    pub(crate) artifacts: Artifacts,
    pub(crate) cache: Option<ArtifactCache>,
    pub(crate) hits: Arc<Hits>,
    /// Entries of the log that could not be written.
    pub(crate) lost_entries: Arc<AtomicU64>,
    pub(crate) reads: Reads,
    pub(super) reloads: Mutex<Reloads>,
    /// Whether it was asked to stop.
    pub(super) draining: AtomicBool,
    /// Whether everything has begun.
    pub(super) begun: AtomicBool,
}

/// How often the configuration was read again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reloads {
    pub(crate) applied: u64,
    /// Something of it could not be applied.
    pub(crate) failed: u64,
    /// Of the last time; `None` if all of that was applied.
    pub(crate) last_error: Option<String>,
}

impl Live {
    pub(crate) fn reloads(&self) -> Reloads {
        self.reloads.lock().clone()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// What became of the records of guests, of this runner's own, and of those that
    /// each backend was given, be it gone since.
    pub(super) fn ledgers(&self) -> Vec<(String, LedgerSnapshot)> {
        let mut ledgers = vec![
            ("guests".into(), self.guests.total()),
            ("runner".into(), self.own.total()),
        ];
        for (name, counts) in self.receivers.ledgers().all() {
            let ledger = counts.ledger;
            // Hardly anybody ever forgets a name.
            if name != RETIRED || ledger.accepted() > 0 {
                ledgers.push((name, ledger));
            }
        }
        ledgers
    }

    /// What keeps this runner from being of use, if anything does.
    pub(crate) fn why_not_ready(&self) -> Option<&'static str> {
        if self.is_draining() {
            return Some("draining: it was asked to stop");
        }
        if !self.begun.load(Ordering::Relaxed) {
            return Some("starting");
        }
        let members = self.receivers.members();
        let is_open = |state| state == Some(BackendState::CircuitOpen);
        let mut states = members
            .iter()
            .map(|member| Some(member.component()?.status().state));
        (!members.is_empty() && states.all(is_open))
            .then_some("every backend has failed too often, and is left alone for a while")
    }
}
