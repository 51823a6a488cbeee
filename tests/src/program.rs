//! Programs of records, loops and ends: as a guest, and as a native replay.

use std::fmt::Write;

use anyhow::Result;
use solti_metrics::Event;

use crate::guest::component;
use crate::runs::End;
use crate::write_call::write_call;

/// A step of a guest.
#[derive(Debug, Clone)]
pub enum Step {
    /// Makes a record.
    Record(Event),
    /// Repeats the steps this many times.
    Loop(u16, Vec<Step>),
    /// Calls another function of the host, at which records are handed on.
    CallHost,
    /// Ends the program.
    End(Ending),
}

/// The end of a program, unless it returns by itself.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    /// Executes `unreachable`.
    Unreachable,
    /// Reads behind the memory.
    OutOfBounds,
    /// Divides by zero.
    DivideByZero,
    /// Records with a label that does not exist.
    NoSuchLabel(i32),
    /// Exits, with success or with failure.
    Exit(bool),
    /// Returns failure.
    Fail,
}

/// The records and the end of the steps, without a guest. The result is `None` above `most` records.
#[must_use]
pub fn replay(steps: &[Step], most: usize) -> Option<(Vec<Event>, End)> {
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
///
/// # Errors
///
/// When an event belongs to a later version of the contract.
pub fn guest(steps: &[Step]) -> Result<Vec<u8>> {
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
