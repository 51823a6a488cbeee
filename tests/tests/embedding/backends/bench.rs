//! The setup for a probe: a memory as the next backend, and no pauses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use solti_metrics::{Event, MemoryMetrics, MetricsHandle};
use solti_metrics_host::provider::{
    BackendOptions, BackendState, BackendStatus, ComponentBackend, NotRunning, Provider,
    RestartPolicy,
};
use solti_metrics_host::{DropReason, LedgerSnapshot};

/// A deadline that no test reaches.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

/// A backend, and its forwarded records.
pub(crate) struct Bench {
    pub(crate) backend: Arc<ComponentBackend>,
    pub(crate) next: Arc<MemoryMetrics>,
}

impl Bench {
    pub(crate) fn new(provider: &Provider) -> Result<Self> {
        Self::with(provider, |_| {})
    }

    pub(crate) fn with(
        provider: &Provider,
        change: impl FnOnce(&mut BackendOptions),
    ) -> Result<Self> {
        let next = Arc::new(MemoryMetrics::new());
        let mut options = options(next.clone());
        change(&mut options);
        let backend = Arc::new(ComponentBackend::start(provider, options)?);
        Ok(Self { backend, next })
    }

    pub(crate) fn record(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            event.record_into(&*self.backend);
        }
    }

    pub(crate) fn ledger(&self) -> LedgerSnapshot {
        self.backend.status().ledger
    }

    /// Waits until all records are settled, through failures.
    pub(crate) fn settle(&self) -> Result<LedgerSnapshot> {
        let status = self.until("all is settled", |status| status.ledger.in_flight() == 0)?;
        balanced(&status.ledger)?;
        Ok(status.ledger)
    }

    pub(crate) fn until(
        &self,
        what: &str,
        holds: impl Fn(&BackendStatus) -> bool,
    ) -> Result<BackendStatus> {
        let begun = Instant::now();
        loop {
            let status = self.backend.status();
            if holds(&status) {
                return Ok(status);
            }
            ensure!(begun.elapsed() < GUARD, "not in time: {what}: {status:?}");
            std::thread::yield_now();
        }
    }

    pub(crate) fn flush(&self) -> Result<(), NotRunning> {
        block_on(self.backend.flush())
    }

    pub(crate) fn replace(&self, new: &Provider) -> Result<()> {
        Ok(block_on(self.backend.replace(new))?)
    }

    /// Stops the backend, and asserts that no record is left.
    pub(crate) fn stop(&self) -> Result<LedgerSnapshot> {
        self.backend.stop_blocking(GUARD);
        let status = self.backend.status();
        ensure!(status.state == BackendState::Stopped, "{status:?}");
        ensure!(status.ledger.in_flight() == 0, "{status:?}");
        balanced(&status.ledger)?;
        if let Some(forwarded) = &status.forwarded {
            balanced(forwarded)?;
        }
        Ok(status.ledger)
    }
}

pub(crate) fn options(next: MetricsHandle) -> BackendOptions {
    let mut options = BackendOptions::default();
    options.next = Some(next);
    options.restart = never_opening();
    options
}

/// Retries at once, for ever.
pub(crate) fn never_opening() -> RestartPolicy {
    let mut policy = RestartPolicy::default();
    policy.initial_backoff = Duration::ZERO;
    policy.failures = usize::MAX;
    policy
}

/// Retries at once, and opens the circuit for an hour after `failures` failures.
pub(crate) fn opening_after(failures: usize) -> RestartPolicy {
    let mut policy = RestartPolicy::default();
    policy.initial_backoff = Duration::ZERO;
    policy.failures = failures;
    policy.open = Duration::from_secs(3600);
    policy
}

/// Checks the identity, with each reason added up separately.
pub(crate) fn balanced(ledger: &LedgerSnapshot) -> Result<()> {
    let dropped: u64 = DropReason::ALL.iter().map(|r| ledger.dropped(*r)).sum();
    let known = ledger.delivered() + dropped + ledger.in_flight();
    ensure!(ledger.accepted() == known, "{ledger:?}");
    Ok(())
}

/// Accepted and delivered records, and records dropped for this reason.
pub(crate) fn counts(ledger: &LedgerSnapshot, reason: DropReason) -> (u64, u64, u64) {
    (
        ledger.accepted(),
        ledger.delivered(),
        ledger.dropped(reason),
    )
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    #[expect(clippy::expect_used, reason = "the test needs it")]
    runtime.expect("a runtime").block_on(work)
}
