//! A backend that panics at some records loses the same records in both recording modes.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use proptest::prelude::{ProptestConfig, proptest};
use proptest::test_runner::TestCaseError;
use solti_metrics::{
    Event, MemoryMetrics, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_host::runner::{RecordingMode, Runner, Task};
use solti_metrics_host::{DropReason, LedgerSnapshot, MetricsCtx};
use solti_metrics_tests::program::{guest, replay};
use solti_metrics_tests::runs::{block_on, everywhere};

use super::embedder::embedders;
use super::program::steps;
use super::random::failed;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_panicking_backend_loses_the_same_records_in_both_modes(steps in steps(), every in 1..50_u64) {
        let Some((events, _)) = replay(&steps, 20_000) else {
            return Err(TestCaseError::reject("too many records"));
        };
        let guest = guest(&steps).map_err(failed)?;
        // The first record belongs to the runner.
        let is_lost = |number: u64| number.is_multiple_of(every);
        let numbered = || (2..).zip(&events);
        let expected: Vec<_> = numbered().filter(|(n, _)| !is_lost(*n)).map(|(_, e)| *e).collect();
        for (path, guest) in everywhere(&guest) {
            let (kept, ledger) = run(path, every, &guest).map_err(failed)?;
            let own = usize::from(!is_lost(1));
            let kept = kept.get(own..own + expected.len());
            proptest::prop_assert_eq!(kept, Some(&*expected), "{:?}", path);
            let lost = numbered().filter(|(n, _)| is_lost(*n)).count() as u64;
            proptest::prop_assert_eq!(ledger.dropped(DropReason::BackendPanicked), lost);
            proptest::prop_assert_eq!(ledger.in_flight(), 0);
        }
        for embedder in embedders().map_err(failed)? {
            let backend = unsteady(every);
            let bounds = MetricsCtx::builder().duration_ceiling(Duration::from_millis(u64::MAX));
            let (ledger, _) = embedder.ended(&guest, bounds.handle(backend.clone())).map_err(failed)?;
            let is_kept = |(n, event): (u64, &Event)| (!n.is_multiple_of(every)).then_some(*event);
            let expected: Vec<_> = (1..).zip(&events).filter_map(is_kept).collect();
            proptest::prop_assert_eq!(backend.kept.events(), expected);
            let lost = events.len() as u64 / every;
            proptest::prop_assert_eq!(ledger.dropped(DropReason::BackendPanicked), lost);
            proptest::prop_assert_eq!(ledger.in_flight(), 0);
        }
    }
}

fn run(path: RecordingMode, every: u64, guest: &[u8]) -> Result<(Vec<Event>, LedgerSnapshot)> {
    let backend = unsteady(every);
    let runner = Runner::builder(backend.clone() as MetricsHandle)
        .duration_ceiling(Duration::from_millis(u64::MAX))
        .recording_mode(path)
        .build()?;
    let program = runner.load("guest", guest)?;
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    let (guests, own) = (report.ledger, runner.own_ledger());
    ensure!(guests.accepted() + own.accepted() == backend.count.load(Ordering::Relaxed));
    Ok((backend.kept.events(), report.ledger))
}

fn unsteady(every: u64) -> Arc<Unsteady> {
    Arc::new(Unsteady {
        kept: MemoryMetrics::new(),
        count: AtomicU64::new(0),
        every,
    })
}

/// A backend that panics at each `every`th record, and remembers the others.
struct Unsteady {
    kept: MemoryMetrics,
    count: AtomicU64,
    every: u64,
}

impl Unsteady {
    fn take(&self, event: Event) {
        let number = 1 + self.count.fetch_add(1, Ordering::Relaxed);
        if number.is_multiple_of(self.every) {
            // Without the panic hook, which would print a thousand messages.
            resume_unwind(Box::new("unsteady"));
        }
        event.record_into(&self.kept);
    }
}

impl MetricsBackend for Unsteady {
    fn record_task_started(&self, runner: RunnerType) {
        self.take(Event::TaskStarted { runner });
    }
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.take(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.take(Event::RunnerError { runner, error });
    }
}
