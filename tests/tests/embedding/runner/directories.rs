//! A directory is listed completely, piece by piece.

use std::fs::File;

use anyhow::{Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Runner, Task, TaskEnd};
use solti_metrics_host::wasi::Access;
use solti_metrics_tests::guest::component;

use crate::runner::block_on;

/// The beginning of both guests. They succeed if there are 150 entries.
const BEGIN: &str = r#"
    (memory (export "memory") 16)
    (global $free (mut i32) (i32.const 4096))
    (global $found (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.get $free)
        (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func $granted (result i32)
        (call $directories (i32.const 0))
        (i32.load (i32.load (i32.const 0))))"#;

fn of_wasi_0_2() -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "wasi:filesystem/preopens@0.2.12" "get-directories"
            (func $directories (param i32)))
        (import "wasi:filesystem/types@0.2.12" "[method]descriptor.read-directory"
            (func $list (param i32 i32)))
        (import "wasi:filesystem/types@0.2.12"
            "[method]directory-entry-stream.read-directory-entry"
            (func $next (param i32 i32)))
        {BEGIN}
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $entries i32)
            (call $list (call $granted) (i32.const 16))
            (local.set $entries (i32.load (i32.const 20)))
            (loop $again
                (call $next (local.get $entries) (i32.const 16))
                (if (i32.load8_u (i32.const 16)) (then unreachable))
                (if (i32.load8_u (i32.const 20))
                    (then
                        (global.set $found (i32.add (global.get $found) (i32.const 1)))
                        (br $again))))
            (i32.ne (global.get $found) (i32.const 150))))"#
    ))
}

/// A guest that reads ten entries at a time.
fn of_wasi_0_3() -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "wasi:filesystem/preopens@0.3.0" "get-directories"
            (func $directories (param i32)))
        (import "wasi:filesystem/types@0.3.0" "[method]descriptor.read-directory"
            (func $list (param i32 i32)))
        (import "wasi:filesystem/types@0.3.0"
            "[async-lower][stream-read-0][method]descriptor.read-directory"
            (func $next (param i32 i32 i32) (result i32)))
        (import "$root" "[waitable-set-new]" (func $new (result i32)))
        (import "$root" "[waitable-join]" (func $join (param i32 i32)))
        (import "[export]wasi:cli/run@0.3.0" "[task-return]run" (func $return (param i32)))
        {BEGIN}
        (global $entries (mut i32) (i32.const 0))
        (global $set (mut i32) (i32.const 0))
        ;; Counts what was read, and says whether the other end is gone.
        (func $over (param $read i32) (result i32)
            (global.set $found
                (i32.add (global.get $found) (i32.shr_u (local.get $read) (i32.const 4))))
            (i32.and (local.get $read) (i32.const 15)))
        ;; Waits where there is nothing yet.
        (func $read_on (result i32)
            (local $read i32)
            (loop $again
                (local.set $read
                    (call $next (global.get $entries) (i32.const 1024) (i32.const 10)))
                (if (i32.eq (local.get $read) (i32.const -1))
                    (then (return
                        (i32.or (i32.const 2) (i32.shl (global.get $set) (i32.const 4))))))
                (br_if $again (i32.eqz (call $over (local.get $read)))))
            (call $end))
        (func $end (result i32)
            (call $return (i32.ne (global.get $found) (i32.const 150)))
            (i32.const 0))
        (func (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
            (call $list (call $granted) (i32.const 16))
            (global.set $entries (i32.load (i32.const 16)))
            (global.set $set (call $new))
            (call $join (global.get $entries) (global.get $set))
            (call $read_on))
        (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run")
            (param i32 i32 i32) (result i32)
            (if (call $over (local.get 2)) (then (return (call $end))))
            (call $read_on)))"#
    ))
}

#[test]
fn a_directory_is_listed_whole() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for number in 0..150 {
        File::create(folder.path().join(number.to_string()))?;
    }
    let runner = Runner::builder(noop_metrics()).build()?;
    for (name, guest) in [("0.2", of_wasi_0_2()?), ("0.3", of_wasi_0_3()?)] {
        let program = runner.load(name, &guest)?;
        let task = Task::new().dir(folder.path(), "/d", Access::ReadOnly);
        let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
        ensure!(
            report.end == TaskEnd::Exited { code: 0 },
            "{name}: {report:?}"
        );
    }
    Ok(())
}
