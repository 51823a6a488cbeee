//! Allocations of records and tasks, counted in this thread. A record allocates nothing
//! in any recording mode. A task allocates the same with and without backtraces. An error
//! that is made on the way captures a backtrace, and would be seen here.

use std::env;
use std::process::Command;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use anyhow::{Result, ensure};
use solti_metrics::{
    Event, ExpositionFormat, FanoutMetrics, MetricsBackend, MetricsHandle, PrometheusMetrics,
    RunnerErrorKind, RunnerType, TaskOutcome, noop_metrics,
};
use solti_metrics_host::inline::{self, InlineComponent, Recorded, drain_along};
use solti_metrics_host::runner::{Pool, RecordingMode, Runner, Task, TaskEnd};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use solti_metrics_tests::guest::component;
use wasmtime::Inlining;

#[cfg(target_os = "linux")]
mod context_switches;
mod engine;
mod instances;
mod queued;
mod scrapes;
mod switches;

/// Maximum number of allocations of a task through the runner, in each recording mode: of a
/// guest that returns, and of a guest that calls `exit`. wasmtime makes most of them, for a
/// store and its contents. A change that needs more fails; a change that needs fewer lowers
/// the numbers.
const OF_A_TASK: [(RecordingMode, u64, u64); 2] = [
    (RecordingMode::Inline, 50, 53),
    (RecordingMode::Direct, 47, 50),
];

/// Records of the smaller task. It makes a record, so that its ring is drained, too.
const FEW: u32 = 1;
const MANY: u32 = 4_000;

/// The results of this process, for comparison in another process.
const FOUND: &str = "ALLOCATIONS_FOUND";

#[test]
fn records_allocate_nothing_and_backtraces_change_no_task() -> Result<()> {
    let found = format!("{:?}", (tasks()?, scrape()?));
    if let Ok(others) = env::var(FOUND) {
        ensure!(found == others, "{found} here, and {others} there");
        return Ok(());
    }
    for backtraces in ["0", "1"] {
        // This process has read its environment already. Another process tests other
        // settings.
        let output = Command::new(env::current_exe()?)
            .args([
                "--exact",
                "records_allocate_nothing_and_backtraces_change_no_task",
            ])
            .env("RUST_BACKTRACE", backtraces)
            .env("RUST_LIB_BACKTRACE", backtraces)
            .env(FOUND, &found)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(said.contains("1 passed"), "with {backtraces}: {said}");
    }
    Ok(())
}

/// Allocations of a task in each recording mode, with and without a pool, for a guest
/// that returns and a guest that calls `exit`.
fn tasks() -> Result<Vec<u64>> {
    let mut found = Vec::new();
    for (path, most, most_with_exit) in OF_A_TASK {
        for pool in [None, Some(Pool::new(1))] {
            let mut runner = Runner::builder(noop_metrics()).recording_mode(path);
            if let Some(pool) = pool {
                runner = runner.pool(pool);
            }
            let runner = runner.build()?;
            let [few, many, exits] = [
                task(&runner, &recording(FEW, "(i32.const 0)"))?,
                task(&runner, &recording(MANY, "(i32.const 0)"))?,
                task(
                    &runner,
                    &recording(FEW, "(call $exit (i32.const 0)) unreachable"),
                )?,
            ];
            ensure!(few == many, "{path:?}: {few}, and with more records {many}");
            ensure!(
                few <= most && exits <= most_with_exit,
                "{path:?}: {few} allocations of a task, and the maximum is {most}; \
                 {exits} with `exit`, and the maximum is {most_with_exit}"
            );
            found.extend([few, exits]);
        }
    }
    Ok(found)
}

/// Allocations of a task with this guest, after an unmeasured task has created the shared
/// objects.
fn task(runner: &Runner, guest: &str) -> Result<u64> {
    let program = runner.load("guest", &component(guest)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let mut least = u64::MAX;
    for _ in 0..5 {
        let mut ended = None;
        let allocated = measure(|| {
            let task = Task::new();
            ended = Some(runtime.block_on(runner.run(&program, task)));
        });
        let end = ended.transpose()?.map(|report| report.end);
        ensure!(end == Some(TaskEnd::Exited { code: 0 }), "{end:?}");
        least = least.min(allocated.count_total);
    }
    Ok(least)
}

/// A program that makes `records` records, and then executes `end`.
fn recording(records: u32, end: &str) -> String {
    format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-completed"
            (func $completed (param i32 i32 i64)))
        (import "wasi:cli/exit@0.2.12" "exit" (func $exit (param i32)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $left i32)
            (local.set $left (i32.const {records}))
            (loop $again
                (call $completed (i32.const 2) (i32.const 0) (i64.extend_i32_u (local.get $left)))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            {end}))"#
    )
}

/// Allocations of a scrape.
fn scrape() -> Result<u64> {
    let metrics = PrometheusMetrics::new();
    record_each(&metrics);
    let mut text = None;
    let allocated = measure(|| text = Some(metrics.encode(ExpositionFormat::OpenMetrics)));
    let text = text.transpose()?.unwrap_or_default();
    ensure!(text.contains("solti_runner_tasks_started_total"));
    Ok(allocated.count_total)
}

#[test]
fn a_record_of_an_embedders_guest_allocates_nothing() -> Result<()> {
    // With concurrency support, wasmtime itself allocates at each call.
    let mut config = wasmtime::Config::new();
    config.concurrency_support(false);
    let engine = wasmtime::Engine::new(&config).map_err(told)?;
    let mut linker = wasmtime::component::Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut MetricsCtx| MetricsCtxView { ctx }).map_err(told)?;
    let mut allocated = Vec::new();
    for records in [FEW, MANY].map(only_recording) {
        let component = wasmtime::component::Component::from_binary(&engine, &component(&records)?)
            .map_err(told)?;
        let mut store = wasmtime::Store::new(&engine, MetricsCtx::builder().build());
        let instance = linker.instantiate(&mut store, &component).map_err(told)?;
        let main = main_of(&mut store, &instance)?;
        main.call(&mut store, ())
            .map_err(told)?
            .0
            .map_err(|()| anyhow::anyhow!("it failed"))?;
        allocated.push(measure(|| drop(main.call(&mut store, ()))).count_total);
    }
    ensure!(allocated[0] == allocated[1], "{allocated:?}");
    Ok(())
}

#[test]
fn a_record_of_an_embedders_guest_in_mode_inline_allocates_nothing() -> Result<()> {
    for inlining in [Inlining::No, Inlining::InterModule] {
        let mut config = wasmtime::Config::new();
        config
            .concurrency_support(false)
            .compiler_inlining(inlining);
        let engine = wasmtime::Engine::new(&config).map_err(told)?;
        let mut linker = wasmtime::component::Linker::new(&engine);
        inline::add_to_linker(&mut linker).map_err(told)?;
        let mut allocated = Vec::new();
        for records in [FEW, MANY] {
            let guest = component(&only_recording(records))?;
            let guest = InlineComponent::new(&engine, "guest", &guest)?;
            let guest = guest.instantiate_pre(&linker).map_err(told)?;
            let metrics = MetricsCtx::builder().build();
            let mut store = wasmtime::Store::new(&engine, Recorded::new(metrics, ()));
            drain_along(&mut store);
            let instance = guest.instantiate(&mut store).map_err(told)?;
            let main = main_of(&mut store, &instance)?;
            let first = main.call(&mut store, ()).map_err(told)?.0;
            first.map_err(|()| anyhow::anyhow!("it failed"))?;
            allocated.push(measure(|| drop(main.call(&mut store, ()))).count_total);
            let accepted = store.data().ledger().snapshot().accepted();
            ensure!(accepted == 2 * u64::from(records), "{accepted}");
        }
        ensure!(allocated[0] == allocated[1], "{inlining:?}: {allocated:?}");
    }
    Ok(())
}

type Main = wasmtime::component::TypedFunc<(), (Result<(), ()>,)>;

fn main_of<T>(
    store: &mut wasmtime::Store<T>,
    instance: &wasmtime::component::Instance,
) -> Result<Main> {
    let run = instance
        .get_export_index(&mut *store, None, "wasi:cli/run@0.2.12")
        .and_then(|run| instance.get_export_index(&mut *store, Some(&run), "run"));
    let run = run.ok_or_else(|| anyhow::anyhow!("it has no main"))?;
    instance.get_typed_func(store, run).map_err(told)
}

/// The same program without a call of `exit`, which returns with success.
fn only_recording(records: u32) -> String {
    recording(records, "(i32.const 0)").replace(
        r#"(import "wasi:cli/exit@0.2.12" "exit" (func $exit (param i32)))"#,
        "",
    )
}

#[test]
fn a_record_into_a_native_backend_allocates_nothing() -> Result<()> {
    let prometheus: MetricsHandle = Arc::new(PrometheusMetrics::new());
    let statsd = std::net::UdpSocket::bind("127.0.0.1:0")?;
    let backends: [(&str, MetricsHandle); 4] = [
        ("noop", noop_metrics()),
        ("prometheus", prometheus.clone()),
        (
            "fan-out",
            Arc::new(FanoutMetrics::new([noop_metrics(), prometheus])),
        ),
        (
            "statsd",
            Arc::new(
                solti_metrics::StatsdMetrics::builder(statsd.local_addr()?.to_string()).build()?,
            ),
        ),
    ];
    for (name, backend) in backends {
        record_each(&*backend);
        let AllocationInfo { count_total, .. } = measure(|| {
            for _ in 0..100 {
                record_each(&*backend);
            }
        });
        ensure!(count_total == 0, "{name}: {count_total}");
    }
    Ok(())
}

fn record_each(backend: &dyn MetricsBackend) {
    let events = [
        Event::TaskStarted {
            runner: RunnerType::Wasm,
        },
        Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: TaskOutcome::Success,
            duration_ms: 7,
        },
        Event::RunnerError {
            runner: RunnerType::Wasm,
            error: RunnerErrorKind::SpawnFailed,
        },
    ];
    for event in events {
        event.record_into(backend);
    }
}

/// Converts an error of wasmtime, which does not implement the trait of the standard
/// library.
fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
