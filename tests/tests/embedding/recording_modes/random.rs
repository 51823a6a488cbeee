//! Random programs have equal results in both recording modes and in a native replay.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::test_runner::TestCaseError;
use solti_metrics::{MemoryMetrics, RunnerType};
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::runner::{RunnerBuilder, Task};
use solti_metrics_tests::program::{guest, replay};
use solti_metrics_tests::runs::{everywhere, seen};

use super::embedder::embedders;
use super::program::steps;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_program_records_the_same_in_both_modes_and_natively(steps in steps()) {
        let Some((events, end)) = replay(&steps, 20_000) else {
            // The program would take too long.
            return Err(TestCaseError::reject("too many records"));
        };
        let guest = guest(&steps).map_err(failed)?;
        for (path, guest) in everywhere(&guest) {
            let most = Duration::from_millis(u64::MAX);
            let seen = seen(path, |runner| runner.duration_ceiling(most), &guest, Task::new())
                .map_err(failed)?;
            proptest::prop_assert_eq!(&seen.events, &events, "{:?}", path);
            proptest::prop_assert_eq!(&seen.end, &end, "{:?}", path);
            proptest::prop_assert_eq!(seen.ledger.delivered(), events.len() as u64);
        }
        for embedder in embedders().map_err(failed)? {
            let bounds = MetricsCtx::builder().duration_ceiling(Duration::from_millis(u64::MAX));
            let seen = embedder.seen(&guest, bounds).map_err(failed)?;
            proptest::prop_assert_eq!(&seen.events, &events);
            proptest::prop_assert_eq!(&seen.end, &end);
            proptest::prop_assert_eq!(seen.ledger.delivered(), events.len() as u64);
        }
    }

    #[test]
    fn admission_is_the_same_in_both_modes_and_natively(
        steps in steps(),
        quota in prop::option::of(0..600_u64),
        ceiling in prop::option::of(0..20_000_u64),
        allowed in any::<[bool; 3]>(),
    ) {
        let Some((events, _)) = replay(&steps, 20_000) else {
            return Err(TestCaseError::reject("too many records"));
        };
        let guest = guest(&steps).map_err(failed)?;
        let runners = || RunnerType::ALL.into_iter().zip(allowed).filter(|(_, is)| *is).map(|(it, _)| it);
        let ceiling = ceiling.map_or(MetricsCtx::DEFAULT_DURATION_CEILING, Duration::from_millis);
        let memory = Arc::new(MemoryMetrics::new());
        let mut native = MetricsCtx::builder()
            .handle(memory.clone())
            .allowed_runners(runners())
            .duration_ceiling(ceiling)
            .quota(quota.unwrap_or(u64::MAX))
            .build();
        for event in events {
            native.record(event);
        }
        for (path, guest) in everywhere(&guest) {
            let mut task = Task::new();
            task.quota = quota;
            let bounds = |runner: RunnerBuilder| {
                runner.allowed_runners(runners()).duration_ceiling(ceiling)
            };
            let seen = seen(path, bounds, &guest, task).map_err(failed)?;
            proptest::prop_assert_eq!(&seen.events, &memory.events(), "{:?}", path);
            proptest::prop_assert_eq!(seen.ledger, native.ledger().snapshot(), "{:?}", path);
        }
        for embedder in embedders().map_err(failed)? {
            let bounds = MetricsCtx::builder()
                .allowed_runners(runners())
                .duration_ceiling(ceiling)
                .quota(quota.unwrap_or(u64::MAX));
            let seen = embedder.seen(&guest, bounds).map_err(failed)?;
            proptest::prop_assert_eq!(&seen.events, &memory.events());
            proptest::prop_assert_eq!(seen.ledger, native.ledger().snapshot());
        }
    }
}

pub(super) fn failed(error: anyhow::Error) -> TestCaseError {
    TestCaseError::fail(format!("{error:#}"))
}
