//! Calls of the contract, in the text format of core modules.

use std::fmt::Write;

use anyhow::Result;
use solti_metrics::Event;

/// Writes the call that makes this record, with the functions `$started`, `$completed`
/// and `$error`.
///
/// # Errors
///
/// When the contract has no call for the event.
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
        other => anyhow::bail!("no call for {other:?}"),
    }
    Ok(())
}
