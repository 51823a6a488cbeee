//! Guests with one purpose, written by hand.

use crate::guest;
use anyhow::Result;

use crate::granted;

/// A guest that records the start of a container task, prints `waiting` on standard
/// error, and waits for a folder `go` in its granted directory. It removes that folder,
/// and records that the task took 1,234 ms.
pub fn waiter() -> Result<Vec<u8>> {
    granted::component(&format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "solti:metrics/backend@0.1.0" "record-task-completed"
            (func $completed (param i32 i32 i64)))
        (import "wasi:cli/stderr@0.2.12" "get-stderr" (func $stderr (result i32)))
        (import "wasi:filesystem/types@0.2.12" "[method]descriptor.remove-directory-at"
            (func $remove (param i32 i32 i32 i32)))
        (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
            (func $timer (param i64) (result i32)))
        (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
        (import "wasi:io/poll@0.2.12" "[resource-drop]pollable" (func $drop (param i32)))
        {WRITE} {DIRECTORIES} {MEMORY}
        (data (i32.const 64) "go")
        (data (i32.const 72) "waiting\0a")
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $pollable i32)
            (call $started (i32.const 1))
            (call $write (call $stderr) (i32.const 72) (i32.const 8) (i32.const 16))
            (call $directories (i32.const 32))
            (loop $again
                (call $remove (i32.load (i32.load (i32.const 32)))
                    (i32.const 64) (i32.const 2) (i32.const 16))
                (if (i32.load8_u (i32.const 16)) (then
                    (local.set $pollable (call $timer (i64.const 5000000)))
                    (call $block (local.get $pollable))
                    (call $drop (local.get $pollable))
                    (br $again))))
            (call $completed (i32.const 1) (i32.const 0) (i64.const 1234))
            i32.const 0))"#
    ))
}

/// A guest that prints its arguments, its environment (`K=V`) and its standard input.
/// Each item except the last has its own line.
pub fn echo() -> Result<Vec<u8>> {
    granted::component(&format!(
        r#"(module
        (import "wasi:cli/environment@0.2.12" "get-arguments" (func $arguments (param i32)))
        (import "wasi:cli/environment@0.2.12" "get-environment" (func $environment (param i32)))
        (import "wasi:cli/stdin@0.2.12" "get-stdin" (func $stdin (result i32)))
        (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
        (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read"
            (func $read (param i32 i64 i32)))
        {WRITE} {MEMORY}
        (data (i32.const 64) "\0a=")
        (global $out (mut i32) (i32.const 0))
        (func $print (param $at i32) (param $length i32)
            (call $write (global.get $out) (local.get $at) (local.get $length) (i32.const 16)))
        ;; The string whose address and length are there.
        (func $string (param $at i32)
            (call $print (i32.load (local.get $at)) (i32.load offset=4 (local.get $at))))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $at i32) (local $end i32) (local $in i32)
            (global.set $out (call $stdout))
            (call $arguments (i32.const 32))
            (local.set $at (i32.load (i32.const 32)))
            (local.set $end (i32.add (local.get $at)
                (i32.mul (i32.load (i32.const 36)) (i32.const 8))))
            (block $done (loop $next
                (br_if $done (i32.eq (local.get $at) (local.get $end)))
                (call $string (local.get $at))
                (call $print (i32.const 64) (i32.const 1))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br $next)))
            (call $environment (i32.const 32))
            (local.set $at (i32.load (i32.const 32)))
            (local.set $end (i32.add (local.get $at)
                (i32.mul (i32.load (i32.const 36)) (i32.const 16))))
            (block $done (loop $next
                (br_if $done (i32.eq (local.get $at) (local.get $end)))
                (call $string (local.get $at))
                (call $print (i32.const 65) (i32.const 1))
                (call $string (i32.add (local.get $at) (i32.const 8)))
                (call $print (i32.const 64) (i32.const 1))
                (local.set $at (i32.add (local.get $at) (i32.const 16)))
                (br $next)))
            (local.set $in (call $stdin))
            (block $done (loop $next
                (call $read (local.get $in) (i64.const 4096) (i32.const 32))
                (br_if $done (i32.load8_u (i32.const 32)))
                (call $string (i32.const 36))
                (br $next)))
            i32.const 0))"#
    ))
}

/// A guest that creates the folder named by its argument in its granted directory. It
/// fails without a directory, or if the directory is read-only.
pub fn maker() -> Result<Vec<u8>> {
    granted::component(&format!(
        r#"(module
        (import "wasi:cli/environment@0.2.12" "get-arguments" (func $arguments (param i32)))
        (import "wasi:filesystem/types@0.2.12" "[method]descriptor.create-directory-at"
            (func $make (param i32 i32 i32 i32)))
        {DIRECTORIES} {MEMORY}
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $at i32)
            (call $arguments (i32.const 32))
            (local.set $at (i32.load (i32.const 32)))
            (call $directories (i32.const 40))
            (if (i32.eqz (i32.load (i32.const 44))) (then (return (i32.const 1))))
            (call $make (i32.load (i32.load (i32.const 40)))
                (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))
                (i32.const 16))
            (i32.load8_u (i32.const 16))))"#
    ))
}

/// A guest that prints `pieces` pieces of 4,096 zeros. It fails if it cannot print.
pub fn printer(stream: &str, pieces: u32) -> Result<Vec<u8>> {
    guest::component(&format!(
        r#"(module
        (import "wasi:cli/{stream}@0.2.12" "get-{stream}" (func $out (result i32)))
        {WRITE}
        (memory (export "memory") 1)
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $out i32) (local $left i32)
            (local.set $out (call $out))
            (local.set $left (i32.const {pieces}))
            (loop $next
                (call $write (local.get $out) (i32.const 1024) (i32.const 4096) (i32.const 0))
                (if (i32.load8_u (i32.const 0)) (then (return (i32.const 1))))
                (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 0))"#
    ))
}

/// A guest that prints `round` on standard output, and then loops for ever.
pub fn looper() -> Result<Vec<u8>> {
    guest::component(&format!(
        r#"(module
        (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $out (result i32)))
        {WRITE}
        (memory (export "memory") 1)
        (data (i32.const 64) "round\0a")
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (call $write (call $out) (i32.const 64) (i32.const 6) (i32.const 0))
            (loop br 0)
            unreachable))"#
    ))
}

/// A guest that prints `round` on standard error, and then records for ever.
pub fn flood() -> Result<Vec<u8>> {
    guest::component(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
              (func $completed (param i32 i32 i64)))
            (import "wasi:cli/stderr@0.2.12" "get-stderr" (func $out (result i32)))
            (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
              (func $write (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 64) "round\0a")
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
              (call $completed (i32.const 1) (i32.const 0) (i64.const 1))
              (call $write (call $out) (i32.const 64) (i32.const 6) (i32.const 0))
              (loop $again
                (call $completed (i32.const 1) (i32.const 0) (i64.const 1))
                (br $again))
              unreachable))"#,
    )
}

/// A guest that prints `text` on a stream after `after_ms` milliseconds.
pub fn teller(stream: &str, text: &str, after_ms: u64) -> Result<Vec<u8>> {
    let (length, nanoseconds) = (text.len(), after_ms * 1_000_000);
    let text: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    guest::component(&format!(
        r#"(module
        (import "wasi:cli/{stream}@0.2.12" "get-{stream}" (func $out (result i32)))
        (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
            (func $timer (param i64) (result i32)))
        (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
        {WRITE}
        (memory (export "memory") 1)
        (data (i32.const 64) "{text}")
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (call $block (call $timer (i64.const {nanoseconds})))
            (call $write (call $out) (i32.const 64) (i32.const {length}) (i32.const 0))
            i32.const 0))"#
    ))
}

/// A provider that prints `text` on a stream with each record of a completed task.
pub fn telling_provider(stream: &str, text: &str) -> Result<Vec<u8>> {
    let length = text.len();
    let text: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    guest::component(&format!(
        r#"(module
        (import "wasi:cli/{stream}@0.2.12" "get-{stream}" (func $out (result i32)))
        {WRITE}
        (memory (export "memory") 1)
        (data (i32.const 64) "{text}")
        (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
        (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64)
            (call $write (call $out) (i32.const 64) (i32.const {length}) (i32.const 0)))
        (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))"#
    ))
}

const WRITE: &str = r#"(import "wasi:io/streams@0.2.12"
    "[method]output-stream.blocking-write-and-flush" (func $write (param i32 i32 i32 i32)))"#;

const DIRECTORIES: &str = r#"(import "wasi:filesystem/preopens@0.2.12" "get-directories"
    (func $directories (param i32)))"#;

/// A memory, and an allocator that never frees memory.
const MEMORY: &str = r#"
    (memory (export "memory") 4)
    (global $free (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $free))
        (global.set $free (i32.and (i32.const -8)
            (i32.add (i32.add (global.get $free) (local.get $size)) (i32.const 7))))
        (local.get $at))"#;
