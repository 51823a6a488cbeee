//! Random sequences of events of a backend, compared with a simple reference.

use std::sync::OnceLock;

use anyhow::{Result, ensure};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use solti_metrics::{Event, MetricsBackend, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::Provider;

use crate::backends::bench::{Bench, balanced};
use crate::backends::probe::{NOW, Probe, completed};

#[derive(Debug, Clone)]
enum Step {
    /// A number of harmless records.
    Record(u64),
    /// A number of harmless records in one call.
    RecordBatch(u64),
    /// A record at which the provider traps.
    Poison,
    /// Waits until all records are handed over, through failures.
    Settle,
    Flush,
    /// Replaces the provider with this version.
    Swap(usize),
    /// Tries to put one into its place that cannot be started.
    BrokenReplacement,
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40_u64).prop_map(Step::Record),
        4 => (1..40_u64).prop_map(Step::RecordBatch),
        3 => Just(Step::Poison),
        2 => Just(Step::Settle),
        2 => Just(Step::Flush),
        2 => (0..2_usize).prop_map(Step::Swap),
        1 => Just(Step::BrokenReplacement),
        1 => Just(Step::Stop),
    ]
}

/// The expected results of a backend that takes one record at a time.
#[derive(Default)]
struct Reference {
    delivered: Vec<Event>,
    trapped: u64,
    refused: u64,
    stopped: bool,
    replacements: u64,
}

impl Reference {
    fn record(&mut self, event: Event) {
        if self.stopped {
            self.refused += 1;
        } else if event == completed(NOW) {
            self.trapped += 1;
        } else {
            self.delivered.push(event);
        }
    }
}

#[test]
fn single_records_have_the_results_of_the_reference() -> Result<()> {
    check(versions(false)?, |bench, reference| {
        let ledger = bench.ledger();
        ensure!(ledger.delivered() == reference.delivered.len() as u64);
        ensure!(ledger.dropped(DropReason::BackendTrapped) == reference.trapped);
        let got = bench.next.events().into_iter().map(plain);
        ensure!(
            got.eq(reference.delivered.iter().copied()),
            "another sequence"
        );
        Ok(())
    })
}

/// A failure in a batch takes some neighbouring records along, and no others.
#[test]
fn in_batches_each_record_is_delivered_or_dropped_and_never_twice() -> Result<()> {
    check(versions(true)?, |bench, reference| {
        let ledger = bench.ledger();
        let trapped = ledger.dropped(DropReason::BackendTrapped);
        ensure!(trapped >= reference.trapped.min(1));
        let made = reference.delivered.len() as u64 + reference.trapped;
        ensure!(ledger.delivered() + trapped == made);
        let got: Vec<_> = bench.next.events().into_iter().map(plain).collect();
        // Records that were forwarded before a trap in the same batch count as dropped.
        ensure!(got.len() as u64 >= ledger.delivered());
        let mut left = reference.delivered.iter();
        ensure!(
            got.iter().all(|event| left.any(|made| made == event)),
            "not in the order made"
        );
        Ok(())
    })
}

fn check(
    versions: &'static [Provider; 3],
    holds: impl Fn(&Bench, &Reference) -> Result<()>,
) -> Result<()> {
    let config = Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    };
    let steps = prop::collection::vec(step(), 1..40);
    TestRunner::new(config)
        .run(&steps, |steps| {
            run(versions, &steps, &holds).map_err(|error| TestCaseError::fail(format!("{error:#}")))
        })
        .map_err(|error| anyhow::anyhow!("{error}"))
}

fn run(
    versions: &[Provider; 3],
    steps: &[Step],
    holds: &impl Fn(&Bench, &Reference) -> Result<()>,
) -> Result<()> {
    let [first, second, broken] = versions;
    let bench = Bench::with(first, |options| options.batch = 16)?;
    let (mut reference, mut number) = (Reference::default(), 1_000);
    for step in steps {
        match step {
            Step::Record(count) => {
                for _ in 0..*count {
                    number += 1;
                    bench.record([completed(number)]);
                    reference.record(completed(number));
                }
            }
            Step::RecordBatch(count) => {
                let batch: Vec<_> = (number + 1..=number + count).map(completed).collect();
                number += count;
                bench.backend.record_batch(&batch)?;
                batch.into_iter().for_each(|event| reference.record(event));
            }
            Step::Poison => {
                bench.record([completed(NOW)]);
                reference.record(completed(NOW));
            }
            Step::Settle => drop(bench.settle()?),
            // The provider may fail during the flush.
            Step::Flush => drop(bench.flush()),
            Step::Swap(version) => {
                let replaced = bench.replace([first, second][*version]);
                ensure!(replaced.is_ok() != reference.stopped, "{replaced:?}");
                reference.replacements += u64::from(replaced.is_ok());
            }
            Step::BrokenReplacement => ensure!(bench.replace(broken).is_err()),
            Step::Stop => {
                bench.stop()?;
                reference.stopped = true;
            }
        }
        balanced(&bench.ledger())?;
    }
    bench.settle()?;
    bench.stop()?;
    let status = bench.backend.status();
    ensure!(status.replacements == reference.replacements, "{status:?}");
    ensure!(status.ledger.dropped(DropReason::ShutDown) == reference.refused);
    holds(&bench, &reference)
}

/// Two providers that trap at a poisoned record and mark their records, and a broken one.
fn versions(batch: bool) -> Result<&'static [Provider; 3]> {
    static ONE_BY_ONE: OnceLock<[Provider; 3]> = OnceLock::new();
    static BATCH: OnceLock<[Provider; 3]> = OnceLock::new();
    let made = if batch { &BATCH } else { &ONE_BY_ONE };
    if let Some(made) = made.get() {
        return Ok(made);
    }
    let version = |runner| {
        let probe = Probe::new().now("unreachable").renaming(runner);
        if batch { probe.batch() } else { probe }.load()
    };
    let versions = [
        version(RunnerType::Subprocess)?,
        version(RunnerType::Container)?,
        Probe::new().start("unreachable").load()?,
    ];
    Ok(made.get_or_init(|| versions))
}

/// The event without the mark of a version.
fn plain(event: Event) -> Event {
    match event {
        Event::TaskCompleted { duration_ms, .. } => completed(duration_ms),
        other => other,
    }
}
