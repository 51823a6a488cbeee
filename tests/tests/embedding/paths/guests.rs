//! Guests that count: each record has the number of those before it.

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_tests::guest::component;

/// Records without an end, and computes something between, so that there are not
/// more records than one can remember.
pub(crate) fn endless() -> Result<Vec<u8>> {
    counting(
        "(local $left i32)
        (loop $again
            (call $next)
            (local.set $left (i32.const 2000))
            (loop $busy
                (br_if $busy (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (br $again))",
    )
}

/// Records so many times, then does this.
pub(crate) fn times(records: usize, then: &str) -> Result<Vec<u8>> {
    let calls = if records == 0 {
        String::new()
    } else {
        format!(
            "(loop $again (call $next)
                (br_if $again (i64.lt_u (global.get $made) (i64.const {records}))))"
        )
    };
    counting(&format!("{calls} {then}"))
}

/// `$next` records, with its number as the duration. There is room for what the
/// body may want to call.
pub(crate) fn counting(body: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
                (func $subscribe (param i64) (result i32)))
            (import "wasi:io/poll@0.2.12" "[method]pollable.block"
                (func $block (param i32)))
            (memory (export "memory") 1)
            (global $made (mut i64) (i64.const 0))
            (func $next
                (call $completed (i32.const 1) (i32.const 3) (global.get $made))
                (global.set $made (i64.add (global.get $made) (i64.const 1))))
            (func $deep (call $next) (call $deep) (call $next))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                {body}
                i32.const 0))"#
    ))
}

/// That these are the records of such a guest from the first on, in order and
/// without a gap.
pub(crate) fn ensure_counted(events: &[Event]) -> Result<()> {
    for (number, event) in (0..).zip(events) {
        let expected = Event::TaskCompleted {
            runner: RunnerType::Container,
            outcome: TaskOutcome::Timeout,
            duration_ms: number,
        };
        ensure!(*event == expected, "record {number} is {event:?}");
    }
    Ok(())
}
