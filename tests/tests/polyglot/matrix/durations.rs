//! Durations beyond what a float has digits for, which a host without a ceiling hands
//! over. All languages add them up exactly, but for one, and that is written down in its
//! example.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{Event, FanoutMetrics, MemoryMetrics, RunnerType, TaskOutcome};
use solti_metrics_host::runner::{Runner, Task, TaskEnd};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::series::Series;

use crate::matrix::backend::{Backend, Receiver};
use crate::matrix::cell::ours;
use crate::matrix::way::Way;

/// From here on, a float has no odd numbers.
const LIMIT: u64 = 1 << 53;

/// Each is of an outcome of its own, and none of that with which the runner records this
/// guest's end. What is added to one makes a lost millisecond two, which a sum in seconds
/// can show.
const DURATIONS: [(TaskOutcome, [u64; 2]); 3] = [
    (TaskOutcome::Canceled, [LIMIT + 1, 1]),
    (TaskOutcome::Timeout, [LIMIT + 3, 3]),
    (TaskOutcome::Failure, [0, u64::MAX]),
];

pub(crate) fn check(way: &Way, receiver: &Receiver) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let backend = Backend::start(way, receiver)?;
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

    let events = way.passed(memory.events());
    let exposed = backend.exposed_at_the_end(events.len() as u64, &tokio)?;
    let theirs = Series::read(&exposed)?;
    let exact = ours(&events)?;
    if receiver.toolchain() != "quickjs" {
        ensure!(theirs == exact, "not exact:\n{exposed}");
        return Ok(());
    }
    let rounded = ours(&events.into_iter().map(in_quickjs).collect::<Vec<_>>())?;
    ensure!(theirs == rounded, "not as its page says:\n{exposed}");
    let long = matches!(way, Way::Direct);
    ensure!((rounded != exact) == long, "rounding shows, or not");
    Ok(())
}

/// Of another runner than the one that runs the guest.
fn completed((outcome, durations): (TaskOutcome, [u64; 2])) -> [Event; 2] {
    durations.map(|duration_ms| Event::TaskCompleted {
        runner: RunnerType::Subprocess,
        outcome,
        duration_ms,
    })
}

/// As the head of `provider.js` says. What comes as -1 is u64::MAX again.
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
