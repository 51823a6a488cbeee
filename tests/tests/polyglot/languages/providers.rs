//! Gives a provider records, and compares its exposition with that of our own backend.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, ExpositionFormat, PrometheusMetrics, RunnerType, TaskOutcome};
use solti_metrics_host::provider::{
    BackendOptions, BackendState, ComponentBackend, Grants, Providers,
};
use solti_metrics_host::wasi::Output;
use solti_metrics_tests::cached_code;
use solti_metrics_tests::script::script;
use solti_metrics_tests::series::Series;

/// A deadline that no call reaches.
const GUARD: Duration = Duration::from_secs(60);

pub(crate) fn check(component: &Path, has_flush: bool) -> Result<()> {
    let providers = Providers::builder()
        .artifacts(cached_code::artifacts()?)
        .build()?;
    let provider = cached_code::provider(&providers, component, &Grants::new())?;
    let mut options = BackendOptions::default();
    options.deadline = GUARD;
    options.flush_interval = Duration::from_secs(3600);
    options.stdout = Output::Capture;
    let backend = ComponentBackend::start(&provider, options)?;
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;

    let (ours, format) = (PrometheusMetrics::new(), ExpositionFormat::OpenMetrics);
    let mut recorded = 0;
    for round in [Vec::new(), script(), at_the_bounds(), many()] {
        for event in &round {
            event.record_into(&backend);
            event.record_into(&ours);
        }
        recorded += round.len() as u64;
        let exposed = tokio.block_on(backend.expose())?;
        let (theirs, ours) = (
            Series::read(&exposed)?,
            Series::read(&ours.encode(format)?)?,
        );
        ours.must_equal(&theirs)?;
        // Sums of milliseconds are exact in each language.
        ensure!(theirs == ours, "off by rounding:\n{exposed}");
        if has_flush {
            // The second flush has no new records.
            tokio.block_on(backend.flush())?;
            tokio.block_on(backend.flush())?;
        }
    }
    backend.stop_blocking(GUARD);
    let status = backend.status();
    ensure!(status.state == BackendState::Stopped, "{status:?}");
    let ledger = &status.ledger;
    ensure!(
        status.failures == 0 && ledger.delivered() == recorded,
        "{status:?}"
    );
    Ok(())
}

/// A duration on each bound, which is in the bucket, and a millisecond more, which is in
/// the next one.
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
