//! A component that runs as a backend, with checks of its ledger.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use solti_metrics::{Event, MetricsHandle};
use solti_metrics_host::DropReason;
use solti_metrics_host::LedgerSnapshot;
use solti_metrics_host::provider::{
    BackendOptions, BackendState, BackendStatus, ComponentBackend, Grants, NotRunning, Provider,
    Providers,
};
use solti_metrics_tests::artifact::{WASI, artifact};

/// A deadline that no test reaches.
pub(crate) const GUARD: Duration = Duration::from_secs(30);

pub(crate) struct TestedProvider {
    backend: Arc<ComponentBackend>,
}

impl TestedProvider {
    /// Starts the component of `guest/examples/<name>.rs`.
    pub(crate) fn start(name: &str, grants: &Grants) -> Result<Self> {
        Self::with(name, grants, |_| {})
    }

    pub(crate) fn with(
        name: &str,
        grants: &Grants,
        change: impl FnOnce(&mut BackendOptions),
    ) -> Result<Self> {
        let mut options = BackendOptions::default();
        // The tests trigger each flush.
        options.flush_interval = Duration::from_secs(3600);
        change(&mut options);
        let backend = ComponentBackend::start(&provider(name, grants)?, options)?;
        Ok(Self {
            backend: Arc::new(backend),
        })
    }

    pub(crate) fn handle(&self) -> MetricsHandle {
        self.backend.clone()
    }

    pub(crate) fn record(&self, events: &[Event]) {
        for event in events {
            event.record_into(&*self.backend);
        }
    }

    pub(crate) fn flush(&self) -> Result<(), NotRunning> {
        block_on(self.backend.flush())
    }

    /// The error of a flush that must fail.
    pub(crate) fn refused_flush(&self) -> Result<String> {
        match self.flush() {
            Err(NotRunning::Refused(said)) => {
                let noted = self.status().flush_error;
                ensure!(noted.as_deref() == Some(&*said), "{noted:?}, not {said:?}");
                Ok(said)
            }
            other => bail!("no refusal: {other:?}"),
        }
    }

    pub(crate) fn expose(&self) -> Result<String, NotRunning> {
        block_on(self.backend.expose())
    }

    /// Replaces the component with itself, with these grants.
    pub(crate) fn replace(&self, name: &str, grants: &Grants) -> Result<()> {
        Ok(block_on(self.backend.replace(&provider(name, grants)?))?)
    }

    pub(crate) fn status(&self) -> BackendStatus {
        self.backend.status()
    }

    /// Waits until all records are settled, through failures.
    pub(crate) fn settle(&self) -> Result<LedgerSnapshot> {
        let begun = Instant::now();
        loop {
            let status = self.status();
            if status.ledger.in_flight() == 0 {
                balanced(&status.ledger)?;
                return Ok(status.ledger);
            }
            ensure!(begun.elapsed() < GUARD, "not settled: {status:?}");
            std::thread::yield_now();
        }
    }

    /// Stops the backend, and asserts that each record is accounted for.
    pub(crate) fn stop(&self) -> Result<BackendStatus> {
        self.backend.stop_blocking(GUARD);
        let status = self.status();
        ensure!(status.state == BackendState::Stopped, "{status:?}");
        for ledger in [Some(&status.ledger), status.forwarded.as_ref()] {
            let Some(ledger) = ledger else { continue };
            ensure!(ledger.in_flight() == 0, "{status:?}");
            balanced(ledger)?;
        }
        Ok(status)
    }

    /// Stops the backend, and asserts that it took `records` records and lost none.
    pub(crate) fn stop_without_loss(&self, records: usize) -> Result<()> {
        let status = self.stop()?;
        only_dropped(&status.ledger, records, DropReason::BackendFailed, 0)?;
        ensure!(
            status.failures == 0 && status.flush_error.is_none(),
            "{status:?}"
        );
        Ok(())
    }
}

/// Asserts the numbers of accepted records, and of records dropped for a single reason.
pub(crate) fn only_dropped(
    ledger: &LedgerSnapshot,
    accepted: usize,
    reason: DropReason,
    dropped: usize,
) -> Result<()> {
    let delivered = accepted - dropped;
    let found = (
        ledger.accepted(),
        ledger.delivered(),
        ledger.dropped(reason),
    );
    let expected = (accepted as u64, delivered as u64, dropped as u64);
    ensure!(
        found == expected,
        "{found:?} instead of {expected:?}: {ledger:?}"
    );
    Ok(())
}

/// Checks the identity, with each reason added up separately.
fn balanced(ledger: &LedgerSnapshot) -> Result<()> {
    let dropped: u64 = DropReason::ALL.iter().map(|r| ledger.dropped(*r)).sum();
    let known = ledger.delivered() + dropped + ledger.in_flight();
    ensure!(ledger.accepted() == known, "{ledger:?}");
    Ok(())
}

pub(crate) fn provider(name: &str, grants: &Grants) -> Result<Provider> {
    /// A shared engine, since each engine has a thread.
    static PROVIDERS: OnceLock<Providers> = OnceLock::new();
    #[expect(clippy::expect_used, reason = "the tests need it")]
    let providers = PROVIDERS.get_or_init(|| Providers::new().expect("an engine"));
    Ok(providers.load_file(&artifact(name, WASI), grants)?)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    #[expect(clippy::expect_used, reason = "the tests need it")]
    runtime.expect("a runtime").block_on(work)
}
