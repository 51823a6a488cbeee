//! Providers with one fault each: `guest/examples/provider.wat` with changed lines, and
//! small middlewares.

use anyhow::{Result, ensure};
use solti_metrics_tests::guest::component;

const PROVIDER: &str = include_str!("../../../../guest/examples/provider.wat");

/// The function of the provider that takes a record.
pub(crate) const STARTED: &str =
    r#"(func (export "solti:metrics/backend@0.1.0#record-task-started") (param $runner i32)"#;
pub(crate) const COMPLETED: &str = r#"(param $runner i32) (param $outcome i32) (param $ms i64)
    (local $histogram i32) (local $bucket i32) (local $bound i32)"#;
pub(crate) const ERROR: &str = r#"(param $runner i32) (param $error i32)"#;
/// The function of the provider that exposes.
pub(crate) const EXPOSE: &str = r#"(func (export "solti:metrics/exposition@0.1.0#expose") (result i32)
    (local $at i32)"#;
/// The globals of the provider.
pub(crate) const GLOBALS: &str = "(global $end (mut i32) (i32.const 0))";

/// The provider without changes.
pub(crate) fn provider() -> Result<Vec<u8>> {
    component(PROVIDER)
}

/// The provider with text inserted after each of these places.
pub(crate) fn with(changes: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut text = PROVIDER.to_owned();
    for (place, more) in changes {
        text = replaced(&text, place, &format!("{place}\n    {more}"))?;
    }
    component(&text)
}

/// The provider with this place replaced.
pub(crate) fn without(place: &str, instead: &str) -> Result<Vec<u8>> {
    component(&replaced(PROVIDER, place, instead)?)
}

/// The provider with a global `$n` that `place` increments, and an action on a condition.
pub(crate) fn counting(place: &str, then: &str) -> Result<Vec<u8>> {
    let count = "(global.set $n (i32.add (global.get $n) (i32.const 1)))";
    with(&[
        (GLOBALS, "(global $n (mut i32) (i32.const 0))"),
        (place, &format!("{count}\n{then}")),
    ])
}

/// The provider with batches. It executes `alone` for an error that comes as a single
/// record.
pub(crate) fn batching(alone: &str) -> Result<Vec<u8>> {
    let mut text = PROVIDER.replace(
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 2)",
    );
    for (function, name) in [
        ("record-task-started", "$take-started"),
        ("record-task-completed", "$take-completed"),
        ("record-runner-error", "$take-error"),
    ] {
        let export = format!("(func (export \"solti:metrics/backend@0.1.0#{function}\")");
        text = replaced(
            &text,
            &export,
            &export.replace("(func ", &format!("(func {name} ")),
        )?;
    }
    text = replaced(
        &text,
        ERROR,
        &format!("{ERROR}\n(if (i32.eqz (global.get $batch)) (then {alone}))"),
    )?;
    text = replaced(
        &text,
        GLOBALS,
        &format!("{GLOBALS}\n(global $batch (mut i32) (i32.const 0))\n{BATCH}"),
    )?;
    component(&text)
}

/// The provider with flushing: the first flush succeeds, and later ones fail.
pub(crate) fn flushed_once() -> Result<Vec<u8>> {
    with(&[(
        GLOBALS,
        r#"(global $n (mut i32) (i32.const 0))
           (data (i32.const 0x6c0) "nothing to hand on")
           (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
             (global.set $n (i32.add (global.get $n) (i32.const 1)))
             (i32.store (i32.const 0x6e0) (i32.gt_u (global.get $n) (i32.const 1)))
             (i32.store (i32.const 0x6e4) (i32.const 0x6c0))
             (i32.store (i32.const 0x6e8) (i32.const 18))
             (i32.const 0x6e0))"#,
    )])
}

/// A middleware that executes these instructions for each started task.
pub(crate) fn middleware(started: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "solti:metrics/backend@0.1.0" "record-task-completed"
            (func $completed (param i32 i32 i64)))
        (import "solti:metrics/backend@0.1.0" "record-runner-error" (func $error (param i32 i32)))
        (func (export "solti:metrics/backend@0.1.0#record-task-started") (param $runner i32)
            {started})
        (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64)
            (call $completed (local.get 0) (local.get 1) (local.get 2)))
        (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)
            (call $error (local.get 0) (local.get 1))))"#
    ))
}

fn replaced(text: &str, place: &str, by: &str) -> Result<String> {
    let found = text.matches(place).count();
    ensure!(found == 1, "provider.wat has {found} times {place}");
    Ok(text.replace(place, by))
}

/// Decodes words as `wit/batch.wit` describes them.
const BATCH: &str = r#"
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x10000))
  (func $byte (param $word i64) (param $from i64) (result i32)
    (i32.wrap_i64 (i64.and (i64.shr_u (local.get $word) (local.get $from)) (i64.const 255))))
  (func (export "solti:metrics/batch@0.1.0#record-batch") (param $at i32) (param $words i32)
    (local $end i32) (local $kind i32) (local $runner i32) (local $label i32)
    (global.set $batch (i32.const 1))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $words) (i32.const 3))))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $kind (call $byte (i64.load (local.get $at)) (i64.const 0)))
      (local.set $runner (call $byte (i64.load (local.get $at)) (i64.const 8)))
      (local.set $label (call $byte (i64.load (local.get $at)) (i64.const 16)))
      (if (i32.eq (local.get $kind) (i32.const 0))
        (then (call $take-started (local.get $runner))))
      (if (i32.eq (local.get $kind) (i32.const 1))
        (then (call $take-completed (local.get $runner) (local.get $label)
          (i64.load offset=8 (local.get $at)))))
      (if (i32.eq (local.get $kind) (i32.const 2))
        (then (call $take-error (local.get $runner) (local.get $label))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br $next)))
    (global.set $batch (i32.const 0)))
"#;
