//! Guests' files and waits have limits, and the other tasks continue.

use std::fs::{self, OpenOptions};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::guest::component;
use solti_metrics_tests::guests;
use solti_metrics_tests::served::Served;

use crate::serve::test_folder::TestFolder;

/// A guest that opens its directory and succeeds if it can. With `for_ever`, it opens it
/// as often as possible, and then waits.
fn opener(for_ever: bool) -> Result<Vec<u8>> {
    let then = if for_ever {
        "(br_if $again (i32.eqz (i32.load8_u (i32.const 16))))
         (call $block (call $in (i64.const 3600000000000)))"
    } else {
        ""
    };
    component(&format!(
        r#"(module
        (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration"
            (func $in (param i64) (result i32)))
        (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
        (import "wasi:filesystem/preopens@0.2.12" "get-directories"
            (func $directories (param i32)))
        (import "wasi:filesystem/types@0.2.12" "[method]descriptor.open-at"
            (func $open (param i32 i32 i32 i32 i32 i32 i32)))
        (memory (export "memory") 1)
        (global $free (mut i32) (i32.const 1024))
        (data (i32.const 512) ".")
        (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
            (global.get $free)
            (global.set $free (i32.add (global.get $free) (local.get $size))))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (call $directories (i32.const 0))
            (loop $again
                (call $open (i32.load (i32.load (i32.const 0))) (i32.const 0)
                    (i32.const 512) (i32.const 1) (i32.const 2) (i32.const 1) (i32.const 16))
                {then})
            (i32.load8_u (i32.const 16))))"#
    ))
}

#[test]
fn guests_that_open_many_files_leave_descriptors_for_others() -> Result<()> {
    let place = TestFolder::with(&[("hog.wasm", opener(true)?), ("modest.wasm", opener(false)?)])?;
    let config = "
        [tasks.hog]
        component = \"hog.wasm\"
        dirs = [\".::/d\"]
        schedule = \"restart\"
        concurrency = 4
        [tasks.modest]
        component = \"modest.wasm\"
        dirs = [\".::/d\"]
        schedule = \"interval\"
        interval = \"50ms\"
    ";
    let served = place.serve_by("ulimit -n 256; exec \"$@\"", config)?;
    // The first guest has half of the 128 shared descriptors, and its own four. The
    // others have their own.
    served.until_at_least("solti_metrics_guest_descriptors", 80.0)?;
    served.until_at_least("solti_metrics_guest_descriptors_rejected_total", 4.0)?;
    ensure!(served.sample("solti_metrics_guest_descriptors_limit")? == 128.0);
    let successes = "solti_metrics_task_runs_total{task=\"modest\",outcome=\"success\"}";
    let before = served.sample(successes)?;
    served.until_at_least(successes, before + 3.0)?;
    let failures = "solti_metrics_task_runs_total{task=\"modest\",outcome=\"failure\"}";
    ensure!(served.sample(failures)? == 0.0);
    ensure!(served.get("/healthz")?.status == 200);
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn the_limit_on_open_files_is_raised_to_its_maximum() -> Result<()> {
    let place = TestFolder::with(&[])?;
    let served = place.serve_by("ulimit -Sn 64; exec \"$@\"", "")?;
    let limits = fs::read_to_string(format!("/proc/{}/limits", served.id()))?;
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut numbers = files.context("no limit on open files")?.split_whitespace();
    let (soft, hard) = (numbers.nth(3), numbers.next());
    ensure!(soft == hard && soft != Some("64"), "{soft:?}, {hard:?}");
    Ok(())
}

#[test]
fn guests_that_wait_for_a_reader_take_no_threads() -> Result<()> {
    let place = TestFolder::with(&[("flood.wasm", guests::printer("stdout", 1 << 20)?)])?;
    let made = Command::new("mkfifo").arg(place.path("pipe")).status()?;
    ensure!(made.success(), "{made}");
    // The pipe is open, without a reader.
    let _silent = OpenOptions::new()
        .read(true)
        .write(true)
        .open(place.path("pipe"))?;
    let config = "
        [tasks.flood]
        component = \"flood.wasm\"
        output = \"inherit\"
        max_output = \"1GiB\"
        schedule = \"interval\"
        interval = \"10ms\"
        timeout = \"100ms\"
        concurrency = 50
    ";
    let served = place.serve_by("exec \"$@\" >pipe", config)?;
    let before = threads(&served)?;
    let timeouts = "solti_metrics_task_runs_total{task=\"flood\",outcome=\"timeout\"}";
    served.until_at_least(timeouts, 100.0)?;
    let after = threads(&served)?;
    // Files may take a few threads.
    ensure!(after < before + 40, "{before} threads, then {after}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn threads_for_a_reload_exist_from_the_start() -> Result<()> {
    let place = TestFolder::with(&[])?;
    let served = place.serve("")?;
    // A thread for each processor, and four blocking threads.
    let expected = thread::available_parallelism()?.get() + 4;
    let mut found = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", served.id()))? {
        let name = fs::read_to_string(thread?.path().join("comm"))?;
        found += usize::from(name.starts_with("tokio-"));
    }
    ensure!(found >= expected, "{found} instead of {expected}");
    Ok(())
}

fn threads(served: &Served) -> Result<usize> {
    Ok(fs::read_dir(format!("/proc/{}/task", served.id()))?.count())
}
