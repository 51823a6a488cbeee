//! One script of calls, for whoever must agree on what it means.

use std::fmt::Write;

use anyhow::Result;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

use crate::guest::component;

/// Every call with every label, and durations at both ends of the range.
#[must_use]
pub fn script() -> Vec<Event> {
    let mut events = Vec::new();
    for runner in RunnerType::ALL {
        events.push(Event::TaskStarted { runner });
        for error in RunnerErrorKind::ALL {
            events.push(Event::RunnerError { runner, error });
        }
        for outcome in TaskOutcome::ALL {
            for duration_ms in [0, 10, 11, 3_600_001, 31_536_000_000] {
                events.push(Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                });
            }
        }
    }
    events
}

/// A guest whose `main` makes these calls.
///
/// # Errors
///
/// When it cannot be encoded.
pub fn guest(events: &[Event]) -> Result<Vec<u8>> {
    let mut calls = String::new();
    for &event in events {
        write_call(event, &mut calls)?;
    }
    component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started"
                (func $started (param i32)))
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (import "solti:metrics/backend@0.1.0" "record-runner-error"
                (func $error (param i32 i32)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                {calls}
                i32.const 0))"#
    ))
}

/// Writes the call that makes this record, of the functions `$started`, `$completed`
/// and `$error`.
///
/// # Errors
///
/// When there is no call for it.
pub fn write_call(event: Event, calls: &mut String) -> Result<()> {
    match event {
        Event::TaskStarted { runner } => {
            writeln!(calls, "(call $started (i32.const {}))", runner as u8)?;
        }
        Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        } => writeln!(
            calls,
            "(call $completed (i32.const {}) (i32.const {}) (i64.const {duration_ms}))",
            runner as u8, outcome as u8,
        )?,
        Event::RunnerError { runner, error } => writeln!(
            calls,
            "(call $error (i32.const {}) (i32.const {}))",
            runner as u8, error as u8,
        )?,
        other => anyhow::bail!("there is no call for {other:?}"),
    }
    Ok(())
}
