//! Components for compositions, written by hand: guests that end in different ways, and
//! providers and middlewares that hold records until a flush.

use crate::guest::component;
use anyhow::Result;

/// A guest that records the start of three tasks, and ends with these instructions.
///
/// # Errors
///
/// When the text is not a core module.
pub fn guest(end: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "wasi:cli/exit@0.2.12" "exit" (func $exit (param i32)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (call $started (i32.const 2))
            (call $started (i32.const 2))
            (call $started (i32.const 2))
            {end}))"#
    ))
}

/// An end of a guest: `main` returns success.
pub const RETURN: &str = "i32.const 0";
/// An end of a guest: `main` returns failure.
pub const FAIL: &str = "i32.const 1";
/// An end of a guest: it exits with 0.
pub const EXIT: &str = "(call $exit (i32.const 0)) i32.const 0";
/// An end of a guest: it exits with 1.
pub const EXIT_FAILED: &str = "(call $exit (i32.const 1)) i32.const 0";
/// An end of a guest: it traps.
pub const TRAP: &str = "unreachable";

/// A provider that counts records. At a flush, it prints the number, such as `kept 003`.
///
/// # Errors
///
/// When the text is not a core module.
pub fn keeper() -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        {STDOUT}
        {MEMORY}
        (data (i32.const 64) "kept 000\0a")
        {KEEP}
        (func $digit (param $at i32) (param $divisor i32)
            (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u
                (i32.div_u (global.get $kept) (local.get $divisor)) (i32.const 10)))))
        (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
            (call $digit (i32.const 69) (i32.const 100))
            (call $digit (i32.const 70) (i32.const 10))
            (call $digit (i32.const 71) (i32.const 1))
            (call $write (call $stdout) (i32.const 64) (i32.const 9) (i32.const 16))
            (global.set $kept (i32.const 0))
            (i32.store (i32.const 16) (i32.const 0))
            i32.const 16))"#
    ))
}

/// A middleware that counts records. At a flush, it forwards as many records.
///
/// # Errors
///
/// When the text is not a core module.
pub fn keeping_middleware() -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        {MEMORY}
        {KEEP}
        (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
            (block $done (loop $next
                (br_if $done (i32.eqz (global.get $kept)))
                (call $started (i32.const 1))
                (global.set $kept (i32.sub (global.get $kept) (i32.const 1)))
                (br $next)))
            (i32.store (i32.const 16) (i32.const 0))
            i32.const 16))"#
    ))
}

/// A provider that ignores records and can be flushed.
///
/// # Errors
///
/// When the text is not a core module.
pub fn silent() -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        {MEMORY}
        {KEEP}
        (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32) i32.const 16))"#
    ))
}

/// A component whose flush fails with a message of `length` bytes. It is a middleware if
/// it `forwards`, and a provider otherwise.
///
/// # Errors
///
/// When the text is not a core module.
pub fn failing(forwards: bool, byte: char, length: usize) -> Result<Vec<u8>> {
    let text: String = std::iter::repeat_n(byte, length).collect();
    failing_with(forwards, &text)
}

/// A component whose flush fails with this text.
///
/// # Errors
///
/// When the text is not a core module.
pub fn failing_with(forwards: bool, text: &str) -> Result<Vec<u8>> {
    let length = text.len();
    let text: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let import = if forwards {
        r#"(import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))"#
    } else {
        ""
    };
    component(&format!(
        r#"(module
        {import}
        {MEMORY}
        (data (i32.const 1024) "{text}")
        {KEEP}
        (func (export "solti:metrics/lifecycle@0.1.0#flush") (result i32)
            (i32.store (i32.const 16) (i32.const 1))
            (i32.store (i32.const 20) (i32.const 1024))
            (i32.store (i32.const 24) (i32.const {length}))
            i32.const 16))"#
    ))
}

/// Counts records.
const KEEP: &str = r#"
    (global $kept (mut i32) (i32.const 0))
    (func $keep (global.set $kept (i32.add (global.get $kept) (i32.const 1))))
    (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32) (call $keep))
    (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64)
        (call $keep))
    (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)
        (call $keep))"#;

const STDOUT: &str = r#"
    (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
        (func $write (param i32 i32 i32 i32)))"#;

/// Memory for messages of a few hundred thousand bytes.
const MEMORY: &str = r#"(memory (export "memory") 8)"#;
