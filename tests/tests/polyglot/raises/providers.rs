//! The provider fails at each third record of an instance.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use solti_metrics::{MetricsBackend, RunnerType, noop_metrics};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, Grants, Providers, RestartPolicy,
};
use solti_metrics_tests::cached_code;

/// A deadline that no call reaches.
const GUARD: Duration = Duration::from_secs(60);

pub(crate) fn check(component: &Path, speaks: bool) -> Result<()> {
    let providers = Providers::builder()
        .artifacts(cached_code::artifacts()?)
        .build()?;
    // Python's library imports the network, whether it is used or not.
    let grants = Grants::new().no_network();
    let provider = cached_code::provider(&providers, component, &grants)?;
    let mut options = BackendOptions::default();
    options.deadline = GUARD;
    options.next = Some(noop_metrics());
    options.restart = RestartPolicy::default();
    options.restart.initial_backoff = Duration::ZERO;
    let backend = ComponentBackend::start(&provider, options)?;
    // The third record is lost, and the next instance takes two more.
    for _ in 0..5 {
        backend.record_task_started(RunnerType::Wasm);
    }
    let status = after_restart(&backend)?;
    let ledger = &status.ledger;
    let dropped = ledger.dropped(DropReason::BackendTrapped);
    ensure!(
        (ledger.accepted(), ledger.delivered(), dropped) == (5, 4, 1),
        "{status:?}"
    );
    ensure!(status.failures == 1, "{status:?}");
    ensure!(status.last_failure.is_some(), "{status:?}");
    let said = status.stderr_tail.clone().unwrap_or_default();
    ensure!(said.contains("boom at record 3") == speaks, "{status:?}");
    backend.stop_blocking(GUARD);
    Ok(())
}

fn after_restart(backend: &ComponentBackend) -> Result<BackendStatus> {
    let begun = Instant::now();
    loop {
        let status = backend.status();
        if status.ledger.in_flight() == 0 && status.restarts == 1 {
            return Ok(status);
        }
        ensure!(begun.elapsed() < GUARD, "not until now: {status:?}");
        std::thread::yield_now();
    }
}
