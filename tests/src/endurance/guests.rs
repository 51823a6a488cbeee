use std::time::Duration;

use anyhow::Result;

use crate::guest::component;

/// The action of a guest after its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Its `main` returns success.
    Succeeds,
    /// Its `main` returns an error.
    Fails,
    /// The guest executes `unreachable`.
    Traps,
    /// The guest loops for ever.
    Loops,
    /// The guest sleeps for this time.
    Sleeps(Duration),
    /// The guest prints this many times 4 KiB, in lines of 64 bytes.
    Prints(u32),
    /// The guest runs a loop this many million times: always the same work.
    Computes(u32),
}

/// A component that records `records` started tasks and `records` completed tasks, and
/// then does `then`.
///
/// # Errors
///
/// When the component cannot be built, which depends only on this file.
pub fn guest(records: u32, then: Then) -> Result<Vec<u8>> {
    let (imports, does) = match then {
        Then::Succeeds => ("", String::new()),
        Then::Fails => ("", "(return (i32.const 1))".into()),
        Then::Traps => ("", "unreachable".into()),
        Then::Loops => ("", "(loop br 0)".into()),
        Then::Sleeps(time) => (SLEEPING, sleeps(time)),
        Then::Prints(times) => (PRINTING, prints(times)),
        Then::Computes(millions) => ("", computes(millions)),
    };
    let (recording, records) = match records {
        0 => ("", String::new()),
        records => (RECORDING, makes(records)),
    };
    component(&format!(
        r#"(module
  {recording}
  {imports}
  (func $main (export "wasi:cli/run@0.2.12#run") (result i32)
    (local $left i32) (local $out i32)
    {records}
    {does}
    i32.const 0))"#
    ))
}

const RECORDING: &str = r#"
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
  (import "solti:metrics/backend@0.1.0" "record-task-completed" (func $completed (param i32 i32 i64)))"#;

const SLEEPING: &str = r#"
  (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $in (param i64) (result i32)))
  (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))"#;

const PRINTING: &str = r#"
  (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
  (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func $fill
    (local $at i32)
    (memory.fill (i32.const 1024) (i32.const 46) (i32.const 4096))
    (loop
      (i32.store8 offset=1087 (local.get $at) (i32.const 10))
      (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (i32.const 4096)))))"#;

/// A loop that runs `body` `number` times.
fn times(number: u32, body: &str) -> String {
    format!(
        "(local.set $left (i32.const {number}))
    (loop
      {body}
      (br_if 0 (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))"
    )
}

fn makes(records: u32) -> String {
    let body = "(call $started (i32.const 2))
      (call $completed (i32.const 2) (i32.const 0) (i64.const 12))";
    times(records, body)
}

fn sleeps(time: Duration) -> String {
    format!("(call $block (call $in (i64.const {})))", time.as_nanos())
}

fn prints(number: u32) -> String {
    let body = "(call $write (local.get $out) (i32.const 1024) (i32.const 4096) (i32.const 0))";
    let writes = times(number, body);
    format!("(call $fill) (local.set $out (call $stdout)) {writes}")
}

fn computes(millions: u32) -> String {
    // A compiler cannot remove the steps: each step needs the previous one.
    let step = "(local.set $out (i32.add (i32.mul (local.get $out) (i32.const 1664525)) (i32.const 1013904223)))";
    let inner = times(millions.saturating_mul(1_000_000), step);
    format!("{inner} (if (i32.eq (local.get $out) (i32.const 1)) (then (return (i32.const 1))))")
}
