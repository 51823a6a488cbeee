//! Random programs.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_tests::program::{Ending, Step};

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        8 => event().prop_map(Step::Record),
        1 => Just(Step::CallHost),
        1 => ending().prop_map(Step::End),
    ];
    let step = leaf.prop_recursive(3, 24, 6, |inner| {
        (0..400_u16, prop::collection::vec(inner, 0..6))
            .prop_map(|(times, steps)| Step::Loop(times, steps))
    });
    prop::collection::vec(step, 0..12)
}

fn event() -> impl Strategy<Value = Event> {
    let runner = prop::sample::select(RunnerType::ALL.to_vec());
    let outcome = prop::sample::select(TaskOutcome::ALL.to_vec());
    let error = prop::sample::select(RunnerErrorKind::ALL.to_vec());
    let duration = prop_oneof![0..10_000_u64, any::<u64>(), Just(u64::MAX)];
    prop_oneof![
        runner
            .clone()
            .prop_map(|runner| Event::TaskStarted { runner }),
        (runner.clone(), error).prop_map(|(runner, error)| Event::RunnerError { runner, error }),
        (runner, outcome, duration).prop_map(|(runner, outcome, duration_ms)| {
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            }
        }),
    ]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        Just(Ending::Unreachable),
        Just(Ending::OutOfBounds),
        Just(Ending::DivideByZero),
        prop::sample::select(vec![4, 256, -1, i32::MIN]).prop_map(Ending::NoSuchLabel),
        any::<bool>().prop_map(Ending::Exit),
        Just(Ending::Fail),
    ]
}
