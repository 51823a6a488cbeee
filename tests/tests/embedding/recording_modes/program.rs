//! Programs of records, loops and ends: as a guest, and as a native replay.

use std::fmt::Write;

use anyhow::Result;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_tests::guest::component;
use solti_metrics_tests::write_call::write_call;

use super::runs::End;

/// A step of a guest.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Record(Event),
    /// Repeats the steps this many times.
    Loop(u16, Vec<Step>),
    /// Calls another function of the host, at which records are handed on.
    CallHost,
    End(Ending),
}

/// The end of a program, unless it returns by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Unreachable,
    OutOfBounds,
    DivideByZero,
    /// Records with a label that does not exist.
    NoSuchLabel(i32),
    Exit(bool),
    Fail,
}

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

/// The records and the end of the steps, without a guest. The result is `None` above `most` records.
pub(crate) fn replay(steps: &[Step], most: usize) -> Option<(Vec<Event>, End)> {
    let mut events = Vec::new();
    let end = replay_into(steps, most, &mut events)?;
    Some((events, end.unwrap_or(End::Exited(0))))
}

fn replay_into(steps: &[Step], most: usize, events: &mut Vec<Event>) -> Option<Option<End>> {
    for step in steps {
        if events.len() > most {
            return None;
        }
        match step {
            Step::Record(event) => events.push(*event),
            Step::CallHost => {}
            Step::Loop(times, steps) => {
                for _ in 0..*times {
                    if let Some(end) = replay_into(steps, most, events)? {
                        return Some(Some(end));
                    }
                }
            }
            Step::End(ending) => {
                return Some(Some(match ending {
                    Ending::Exit(true) => End::Exited(0),
                    Ending::Exit(false) | Ending::Fail => End::Exited(1),
                    _ => End::Trapped,
                }));
            }
        }
    }
    Some(None)
}

/// A guest that executes these steps.
pub(crate) fn guest(steps: &[Step]) -> Result<Vec<u8>> {
    let (mut body, mut loops) = (String::new(), 0);
    write_steps(steps, &mut body, &mut loops)?;
    let mut locals = String::new();
    for number in 0..loops {
        write!(locals, "(local $l{number} i32)")?;
    }
    component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started"
                (func $started (param i32)))
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (import "solti:metrics/backend@0.1.0" "record-runner-error"
                (func $error (param i32 i32)))
            (import "wasi:cli/exit@0.2.12" "exit" (func $exit (param i32)))
            (import "wasi:clocks/monotonic-clock@0.2.12" "now" (func $now (result i64)))
            (memory (export "memory") 1)
            (func (export "wasi:cli/run@0.2.12#run") (result i32) {locals}
                {body}
                i32.const 0))"#
    ))
}

fn write_steps(steps: &[Step], body: &mut String, loops: &mut usize) -> Result<()> {
    for step in steps {
        match step {
            Step::Record(event) => write_call(*event, body)?,
            Step::CallHost => writeln!(body, "(drop (call $now))")?,
            Step::Loop(0, _) => {}
            Step::Loop(times, steps) => {
                let number = *loops;
                *loops += 1;
                writeln!(
                    body,
                    "(local.set $l{number} (i32.const {times})) (loop $a{number}"
                )?;
                write_steps(steps, body, loops)?;
                writeln!(
                    body,
                    "(br_if $a{number} (local.tee $l{number}
                        (i32.sub (local.get $l{number}) (i32.const 1)))))"
                )?;
            }
            Step::End(ending) => match ending {
                Ending::Unreachable => writeln!(body, "unreachable")?,
                Ending::OutOfBounds => writeln!(body, "(drop (i32.load (i32.const -8)))")?,
                Ending::DivideByZero => {
                    writeln!(body, "(drop (i32.div_u (i32.const 1) (i32.const 0)))")?;
                }
                Ending::NoSuchLabel(label) => {
                    writeln!(body, "(call $started (i32.const {label}))")?
                }
                Ending::Exit(well) => {
                    writeln!(body, "(call $exit (i32.const {}))", u8::from(!well))?
                }
                Ending::Fail => writeln!(body, "(return (i32.const 1))")?,
            },
        }
    }
    Ok(())
}
