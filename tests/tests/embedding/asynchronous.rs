//! Guests that need component-model async run like others, on a separate engine.

use std::future::Future;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use solti_metrics::{MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome, noop_metrics};
use solti_metrics_host::component::LoadError;
use solti_metrics_host::compose::{Part, compose};
use solti_metrics_host::runner::{
    CancellationToken, Pool, RecordingMode, Runner, Stdin, Task, TaskEnd,
};
use solti_metrics_host::wasi::{Access, Output};
use solti_metrics_tests::artifact::{BARE, WASI, artifact, cache_home, command};
use solti_metrics_tests::guest::{asynchronous, component};
use solti_metrics_tests::parts;

/// Asks for 64 MiB of randomness and expects 4,096 bytes. Exits with the numbers of its
/// directories, variables and arguments, as digits of base 4.
const ASKS: &str = r#"(module
    (import "wasi:cli/environment@0.3.0" "get-environment" (func $environment (param i32)))
    (import "wasi:cli/environment@0.3.0" "get-arguments" (func $arguments (param i32)))
    (import "wasi:cli/exit@0.3.0" "exit-with-code" (func $exit (param i32)))
    (import "wasi:filesystem/preopens@0.3.0" "get-directories" (func $directories (param i32)))
    (import "wasi:random/random@0.3.0" "get-random-bytes" (func $random (param i64 i32)))
    (memory (export "memory") 4)
    (global $used (mut i32) (i32.const 1024))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $used (i32.and (i32.add (global.get $used) (i32.const 7)) (i32.const -8)))
        (global.get $used)
        (global.set $used (i32.add (global.get $used) (local.get 3))))
    (func $count (result i32) (i32.load (i32.const 4)))
    (func (export "[async-lift]wasi:cli/run@0.3.0#run") (result i32)
        (local $code i32)
        (call $directories (i32.const 0))
        (local.set $code (call $count))
        (call $environment (i32.const 0))
        (local.set $code (i32.add (i32.mul (local.get $code) (i32.const 4)) (call $count)))
        (call $arguments (i32.const 0))
        (local.set $code (i32.add (i32.mul (local.get $code) (i32.const 4)) (call $count)))
        (call $random (i64.const 0x4000000) (i32.const 0))
        (if (i32.ne (call $count) (i32.const 4096)) (then unreachable))
        (call $exit (local.get $code))
        unreachable)
    (func (export "[callback][async-lift]wasi:cli/run@0.3.0#run")
        (param i32 i32 i32) (result i32) unreachable))"#;

#[test]
fn a_guest_of_wasi_0_3_gets_exactly_its_grants() -> Result<()> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let program = runner.load("asks", &component(ASKS)?)?;
    let folder = tempfile::tempdir()?;
    let mut task = Task::new().arg("one").arg("two");
    task = task.dir(folder.path(), "/here", Access::ReadOnly);
    task.env.push(("A".into(), "b".into()));
    let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
    // The first argument is the name.
    let code = 16 + 4 + 3;
    ensure!(report.end == TaskEnd::Exited { code }, "{}", report.end);

    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 1 }, "{}", report.end);
    Ok(())
}

/// The command has `--no-async` for this.
#[test]
fn a_runner_without_async_rejects_guests_and_names_the_setting() -> Result<()> {
    let runner = Runner::builder(noop_metrics())
        .asynchronous(false)
        .build()?;
    runner.load_file(&artifact("reporter", WASI))?;
    let guest = artifact("reporter_wasi3", BARE);
    let error = runner
        .load_file(&guest)
        .err()
        .context("the guest was loaded")?;
    let said = error.to_string();
    ensure!(matches!(error, LoadError::AsyncRefused { .. }), "{said}");
    ensure!(said.contains("build the guest for WASI 0.2"), "{said}");

    let output = Command::new(command())
        .args(["run", "--no-async"])
        .arg(guest)
        .env("XDG_CACHE_HOME", cache_home())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{output:?}");
    ensure!(said.contains("does not allow it"), "{said}");
    Ok(())
}

#[test]
fn the_output_of_a_guest_of_wasi_0_3_is_truncated_and_counted() -> Result<()> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let program = runner.load_file(&artifact("reporter_wasi3", BARE))?;
    let mut task = Task::new();
    task.stdin = Stdin::Bytes(b"a b\nc\n".to_vec());
    task.stdout = Output::Capture;
    task.limits.output = 2;
    let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.stdout == b"2 ", "{:?}", report.stdout);
    ensure!(report.output_truncated == 2, "{}", report.output_truncated);
    Ok(())
}

/// Guests of the tuned engine keep their pool, and guests of the other engine need none.
#[test]
fn guests_for_both_engines_run_at_the_same_time() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone() as MetricsHandle)
        .pool(Pool::new(2))
        .build()?;
    let files = [artifact("reporter", WASI), artifact("reporter_wasi3", BARE)];
    let text = |program| {
        let mut task = Task::new();
        task.stdin = Stdin::Bytes(b"a b\n".repeat(1_000));
        runner.run(program, task)
    };
    let [tuned, asynchronous] = files.map(|file| runner.load_file(&file));
    let (tuned, asynchronous) = (tuned?, asynchronous?);
    block_on(async {
        let ends = tokio::join!(
            text(&tuned),
            text(&asynchronous),
            text(&asynchronous),
            text(&tuned),
            text(&asynchronous)
        );
        for report in [ends.0?, ends.1?, ends.2?, ends.3?, ends.4?] {
            ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
            ensure!(report.ledger.delivered() == 2_000, "{:?}", report.ledger);
        }
        Ok(())
    })?;
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Success) == 5_005);
    Ok(())
}

#[test]
fn a_guest_of_wasi_0_3_that_waits_is_ended_from_outside() -> Result<()> {
    const WAITS: &str = r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "wasi:clocks/monotonic-clock@0.3.0" "wait-for" (func $wait (param i64)))
        (func (export "wasi:cli/run@0.3.0#run") (result i32)
            (call $started (i32.const 0))
            (call $wait (i64.const 86400000000000))
            i32.const 0))"#;
    for path in [RecordingMode::Inline, RecordingMode::Direct] {
        let memory = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(memory.clone() as MetricsHandle)
            .recording_mode(path)
            .build()?;
        let program = runner.load("waits", &component(WAITS)?)?;
        let begun = async |times| {
            while memory.started(RunnerType::Subprocess) < times {
                tokio::task::yield_now().await;
            }
        };
        block_on(async {
            let cancel = CancellationToken::new();
            let mut task = Task::new();
            task.cancel = cancel.clone();
            let stop = async {
                begun(1).await;
                cancel.cancel();
            };
            let report = tokio::join!(runner.run(&program, task), stop).0?;
            ensure!(report.end == TaskEnd::Canceled, "{}", report.end);
            tokio::select! {
                report = runner.run(&program, Task::new()) => anyhow::bail!("{report:?}"),
                () = begun(2) => {}
            }
            let mut task = Task::new();
            let deadline = Duration::from_millis(50);
            task.deadline = Some(deadline);
            let report = runner.run(&program, task).await?;
            ensure!(
                report.end == TaskEnd::DeadlineExceeded { deadline },
                "{}",
                report.end
            );
            Ok(())
        })?;
        let outcomes = TaskOutcome::ALL.map(|outcome| memory.completed(RunnerType::Wasm, outcome));
        ensure!(outcomes == [0, 0, 2, 1], "{outcomes:?}");
        let ledger = runner.guest_ledger();
        ensure!(
            ledger.delivered() == 3 && ledger.in_flight() == 0,
            "{ledger:?}"
        );
    }
    Ok(())
}

#[test]
fn a_quota_holds_on_that_engine_too() -> Result<()> {
    for path in [RecordingMode::Inline, RecordingMode::Direct] {
        let runner = Runner::builder(noop_metrics())
            .recording_mode(path)
            .build()?;
        let program = runner.load_file(&artifact("reporter_wasi3", BARE))?;
        let mut task = Task::new();
        task.stdin = Stdin::Bytes(b"a\n".repeat(10));
        task.quota = Some(7);
        let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
        ensure!(report.ledger.delivered() == 7, "{:?}", report.ledger);
        ensure!(report.ledger.dropped_total() == 13, "{:?}", report.ledger);
    }
    Ok(())
}

/// The composition is a program of WASI 0.3 as well.
#[test]
fn buffered_records_are_flushed_when_an_asynchronous_program_ends() -> Result<()> {
    let guest = std::fs::read(artifact("reporter_wasi3", BARE))?;
    let (guest, keeper) = (("guest", &guest[..]), ("keeper", &parts::keeper()?[..]));
    let composed = compose(&[guest, keeper].map(|(name, bytes)| Part { name, bytes }))?;
    let runner = Runner::builder(noop_metrics()).build()?;
    let program = runner.load("composed", &composed.bytes)?;
    let reason = program.inspection().needs_async.clone();
    ensure!(reason.context("a reason")?.contains("@0.3.0"));
    let mut task = Task::new();
    task.stdin = Stdin::Bytes(b"a b\n".repeat(100));
    task.stdout = Output::Capture;
    let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    let stdout = String::from_utf8(report.stdout)?;
    ensure!(stdout == "100 200\nkept 200\n", "{stdout:?}");
    Ok(())
}

#[test]
fn the_engine_is_chosen_by_the_needs_of_the_component() -> Result<()> {
    let runner = Runner::builder(noop_metrics()).build()?;
    let reporter = runner.load_file(&artifact("reporter", WASI))?;
    ensure!(reporter.inspection().needs_async.is_none());
    let plain = parts::guest(parts::RETURN)?;
    for (bytes, reason) in [
        (asynchronous(&plain), "it has streams"),
        (component(ASKS)?, "it imports `wasi:cli/environment@0.3.0`"),
    ] {
        let program = runner.load("guest", &bytes)?;
        let needs = program.inspection().needs_async.as_deref();
        ensure!(needs == Some(reason), "{needs:?}");
    }
    Ok(())
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(work)
}
