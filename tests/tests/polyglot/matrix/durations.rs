//! Durations that exceed the digits of a float, from a host without a ceiling. All
//! languages except one add them up exactly, and the example of that language documents
//! the difference.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, FanoutMetrics, MemoryMetrics, RunnerType, TaskOutcome};
use solti_metrics_host::runner::{Runner, Task, TaskEnd};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::series::Series;

use crate::matrix::backend::{Backend, Destination};
use crate::matrix::cell::ours;
use crate::matrix::route::Route;

/// From this value on, a float has no odd numbers.
const LIMIT: u64 = 1 << 53;

/// Each has its own outcome, which differs from the outcome of the guest's end. The
/// second duration makes a lost millisecond two, which is visible in a sum in seconds.
const DURATIONS: [(TaskOutcome, [u64; 2]); 3] = [
    (TaskOutcome::Canceled, [LIMIT + 1, 1]),
    (TaskOutcome::Timeout, [LIMIT + 3, 3]),
    (TaskOutcome::Failure, [0, u64::MAX]),
];

pub(crate) fn check(route: &Route, destination: &Destination) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let backend = Backend::start(route, destination)?;
    let both = FanoutMetrics::new([memory.clone() as _, backend.handle()]);
    let runner = Runner::builder(Arc::new(both))
        .duration_ceiling(Duration::MAX)
        .build()?;

    let events: Vec<_> = DURATIONS.into_iter().flat_map(completed).collect();
    let program = runner.load("durations", &recording(&events)?)?;
    let tokio = tokio::runtime::Runtime::new()?;
    let report = tokio.block_on(runner.run(&program, Task::new()))?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.ledger.clamped() == 0, "{:?}", report.ledger);

    let events = route.passed(memory.events());
    let exposed = backend.exposed_at_the_end(events.len() as u64, &tokio)?;
    let theirs = Series::read(&exposed)?;
    let exact = ours(&events)?;
    if destination.toolchain() != "quickjs" {
        ensure!(theirs == exact, "not exact:\n{exposed}");
        return Ok(());
    }
    let rounded = ours(&events.into_iter().map(in_quickjs).collect::<Vec<_>>())?;
    ensure!(
        theirs == rounded,
        "differs from the description in the example:\n{exposed}"
    );
    let long = matches!(route, Route::Direct);
    ensure!((rounded != exact) == long, "rounding shows, or not");
    Ok(())
}

/// Completions of another runner type than the guest's.
fn completed((outcome, durations): (TaskOutcome, [u64; 2])) -> [Event; 2] {
    durations.map(|duration_ms| Event::TaskCompleted {
        runner: RunnerType::Subprocess,
        outcome,
        duration_ms,
    })
}

/// The event as the head of `provider.js` describes it. A duration of -1 is `u64::MAX`
/// again.
fn in_quickjs(mut event: Event) -> Event {
    if let Event::TaskCompleted { duration_ms, .. } = &mut event {
        *duration_ms = match *duration_ms {
            ms if ms == LIMIT + 1 => LIMIT,
            ms if ms == LIMIT + 3 => LIMIT + 4,
            ms => ms,
        };
    }
    event
}
