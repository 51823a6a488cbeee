//! Guests that count: the duration of each record is the number of earlier records.

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_tests::guest::component;

/// A guest that records for ever. It computes between records, so that the memory backend
/// can hold all of them.
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

/// A guest that records this many times, and then executes `then`.
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

/// A guest that records once for each of its arguments, and then executes `then`. It
/// serves for all numbers of records: compiling a guest for each number would take most
/// of a test's time.
pub(crate) fn once_for_each_argument(then: &str) -> Result<Vec<u8>> {
    counting_with(
        r#"(import "wasi:cli/environment@0.2.12" "get-arguments" (func $arguments (param i32)))"#,
        &format!(
            "(local $left i32)
            (call $arguments (i32.const 0))
            (local.set $left (i32.load (i32.const 4)))
            ;; The first one is the name of the program.
            (loop $again
                (if (i32.gt_u (local.get $left) (i32.const 1)) (then
                    (call $next)
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br $again))))
            {then}"
        ),
    )
}

/// A guest in which `$next` makes a record with its number as the duration. The module
/// has the imports that a body may call.
pub(crate) fn counting(body: &str) -> Result<Vec<u8>> {
    counting_with("", body)
}

/// The same guest, with another import, which may provide its memory.
fn counting_with(import: &str, body: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
            {import}
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
                (func $subscribe (param i64) (result i32)))
            (import "wasi:io/poll@0.2.12" "[method]pollable.block"
                (func $block (param i32)))
            (memory (export "memory") 1)
            (global $free (mut i32) (i32.const 1024))
            (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
                (global.get $free)
                (global.set $free (i32.and (i32.const -8)
                    (i32.add (i32.add (global.get $free) (local.get $size)) (i32.const 7)))))
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

/// Checks that these are the records of such a guest, from the first on, in order and
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
