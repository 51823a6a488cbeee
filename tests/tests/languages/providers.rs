//! Gives a provider records, and compares what it exposes with what our own backend
//! would.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_host::provider::{
    BackendOptions, BackendState, ComponentBackend, Grants, Providers,
};
use solti_metrics_host::runner::Output;
use solti_metrics_tests::kept::artifacts;
use solti_metrics_tests::samples::{expected, read};
use solti_metrics_tests::script::script;

/// Much more than a call needs.
const GUARD: Duration = Duration::from_secs(60);

pub(crate) fn check(component: &Path, has_flush: bool) -> Result<()> {
    let providers = Providers::new()?.artifacts(artifacts()?);
    let provider = providers.load_file(component, &Grants::new())?;
    let mut options = BackendOptions::default();
    options.deadline = GUARD;
    options.flush_every = Duration::from_secs(3600);
    options.stdout = Output::Capture;
    let backend = ComponentBackend::start(&provider, options)?;
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;

    let mut recorded = Vec::new();
    for round in [Vec::new(), script(), at_the_bounds(), many()] {
        for event in &round {
            event.record_into(&backend);
        }
        recorded.extend(round);
        let exposed = tokio.block_on(backend.expose())?;
        let (theirs, ours) = (read(&exposed)?, expected(&recorded)?);
        for (series, value) in &ours {
            ensure!(
                theirs.get(series) == Some(value),
                "{series}: {value} in\n{exposed}"
            );
        }
        ensure!(theirs.len() == ours.len(), "more series in\n{exposed}");
        if has_flush {
            // The second one has nothing new to say.
            tokio.block_on(backend.flush())?;
            tokio.block_on(backend.flush())?;
        }
    }
    backend.stop_blocking(GUARD);
    let status = backend.status();
    ensure!(status.state == BackendState::Stopped, "{status:?}");
    let ledger = &status.ledger;
    ensure!(
        status.failures == 0 && ledger.delivered() == recorded.len() as u64,
        "{status:?}"
    );
    Ok(())
}

/// A bucket has its end in it, and the next one what is a millisecond longer.
fn at_the_bounds() -> Vec<Event> {
    let bounds = [
        10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
        3_600_000,
    ];
    let durations = bounds.into_iter().flat_map(|bound| [bound, bound + 1]);
    durations
        .map(|duration_ms| Event::TaskCompleted {
            runner: RunnerType::Container,
            outcome: TaskOutcome::Timeout,
            duration_ms,
        })
        .collect()
}

fn many() -> Vec<Event> {
    script().into_iter().cycle().take(10_000).collect()
}
