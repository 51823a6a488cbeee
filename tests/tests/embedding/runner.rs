//! The runner as a library: the inputs of a task, its end, and the records about it for
//! each end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{
    Event, FanoutMetrics, MemoryMetrics, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_host::component::LoadError;
use solti_metrics_host::runner::{CancellationToken, Program, Runner, SpawnError, Task, TaskEnd};
use solti_metrics_host::wasi::Output;
use solti_metrics_host::{DropReason, LedgerSnapshot};
use solti_metrics_tests::guest::component;

use crate::panicking::Panicking;

mod ledger_totals;

mod directories;

mod pool;

mod usage;

const STARTED: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

/// Records once, and then loops for ever.
const LOOPS: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
    (func (export "wasi:cli/run@0.2.12#run") (result i32)
        (call $started (i32.const 0))
        (loop $again (br $again))
        unreachable))"#;

/// Records once of each kind, and succeeds.
const RECORDS: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
    (import "solti:metrics/backend@0.1.0" "record-task-completed" (func $completed (param i32 i32 i64)))
    (import "solti:metrics/backend@0.1.0" "record-runner-error" (func $error (param i32 i32)))
    (memory (export "memory") 3)
    (func (export "wasi:cli/run@0.2.12#run") (result i32)
        (call $started (i32.const 0))
        (call $error (i32.const 1) (i32.const 2))
        (call $completed (i32.const 0) (i32.const 0) (i64.const 7))
        i32.const 0))"#;

#[test]
fn a_task_whose_future_is_dropped_is_canceled() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let program = runner.load("loops", &component(LOOPS)?)?;
    block_on(async {
        let begun = until(|| memory.started(RunnerType::Subprocess) == 1);
        let task = runner.run(&program, Task::new());
        // The slower one of the two is dropped.
        tokio::select! {
            report = task => anyhow::bail!("the task ended by itself: {report:?}"),
            () = begun => Ok(()),
        }
    })?;
    ensure!(memory.started(RunnerType::Wasm) == 1);
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Canceled) == 1);
    balanced(runner.guest_ledger(), 1)?;
    balanced(runner.own_ledger(), 2)
}

#[test]
fn a_task_with_a_request_to_stop_is_canceled() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let program = runner.load("loops", &component(LOOPS)?)?;
    let cancel = CancellationToken::new();
    let mut task = Task::new();
    task.cancel = cancel.clone();
    let report = block_on(async {
        let stop = async {
            until(|| memory.started(RunnerType::Subprocess) == 1).await;
            cancel.cancel();
        };
        Ok(tokio::join!(runner.run(&program, task), stop).0?)
    })?;
    ensure!(report.end == TaskEnd::Canceled, "{}", report.end);
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Canceled) == 1);
    balanced(report.ledger, 1)
}

#[test]
fn a_task_canceled_before_its_start_is_not_recorded() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    let task = Task::new();
    task.cancel.cancel();
    let result = block_on(async { Ok(runner.run(&program, task).await) })?;
    ensure!(matches!(result, Err(SpawnError::Canceled)), "{result:?}");
    ensure!(memory.events().is_empty(), "{:?}", memory.events());
    Ok(())
}

#[test]
fn a_deadline_ends_only_its_task() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let loops = runner.load("loops", &component(LOOPS)?)?;
    let records = runner.load("records", &component(RECORDS)?)?;
    let mut endless = Task::new();
    endless.deadline = Some(Duration::from_millis(200));
    let (late, good) = block_on(async {
        Ok(tokio::join!(
            runner.run(&loops, endless),
            runner.run(&records, Task::new())
        ))
    })?;
    let deadline = Duration::from_millis(200);
    ensure!(late?.end == TaskEnd::DeadlineExceeded { deadline });
    ensure!(good?.end == TaskEnd::Exited { code: 0 });
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Timeout) == 1);
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Success) == 1);
    Ok(())
}

#[test]
fn a_program_is_loaded_once_and_run_many_times_at_once() -> Result<()> {
    const TASKS: u64 = 200;
    let (runner, memory) = runner_with_memory()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..TASKS {
            let (runner, program) = (runner.clone(), program.clone());
            tasks.spawn(async move { runner.run(&program, Task::new()).await });
        }
        while let Some(ended) = tasks.join_next().await {
            let report = ended??;
            ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
            balanced(report.ledger, 3)?;
        }
        Ok(())
    })?;
    ensure!(memory.events().len() as u64 == 5 * TASKS);
    balanced(runner.guest_ledger(), 3 * TASKS)?;
    balanced(runner.own_ledger(), 2 * TASKS)
}

#[test]
fn a_guests_records_are_in_order_between_those_of_its_runner() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    let events = memory.events();
    ensure!(events.first() == Some(&STARTED), "{events:?}");
    let made = [
        Event::TaskStarted {
            runner: RunnerType::Subprocess,
        },
        Event::RunnerError {
            runner: RunnerType::Container,
            error: RunnerErrorKind::SpawnFailed,
        },
        Event::TaskCompleted {
            runner: RunnerType::Subprocess,
            outcome: TaskOutcome::Success,
            duration_ms: 7,
        },
    ];
    ensure!(events[1..4] == made, "{events:?}");
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Success) == 1);
    // The memory includes the data of the instances.
    ensure!(report.peak_memory / 65_536 == 3, "{}", report.peak_memory);
    Ok(())
}

#[test]
fn a_panicking_backend_stops_neither_the_guest_nor_other_backends() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let both = Arc::new(FanoutMetrics::new([
        Arc::new(Panicking) as MetricsHandle,
        memory.clone() as MetricsHandle,
    ]));
    let runner = Runner::builder(both.clone()).build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(memory.events().len() == 5, "{:?}", memory.events());
    ensure!(
        both.panicked().eq([5, 0]),
        "{:?}",
        both.panicked().collect::<Vec<_>>()
    );

    // Alone, the backend loses each record, and each is counted.
    let runner = Runner::builder(Arc::new(Panicking)).build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.ledger.dropped(DropReason::BackendPanicked) == 3);
    ensure!(runner.own_ledger().dropped(DropReason::BackendPanicked) == 2);
    ensure!(report.ledger.in_flight() == 0);
    Ok(())
}

#[test]
fn limits_of_guests_do_not_apply_to_the_runner() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone())
        .allowed_runners([RunnerType::Container])
        .build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    let task = Task::new().quota(0);
    let report = block_on(async { Ok(runner.run(&program, task).await?) })?;
    ensure!(report.ledger.dropped(DropReason::RunnerNotAllowed) == 2);
    ensure!(report.ledger.dropped(DropReason::Quota) == 1);
    ensure!(memory.events().len() == 2, "{:?}", memory.events());
    Ok(())
}

#[test]
fn a_runner_with_its_own_backend_does_not_record_into_the_guests_backend() -> Result<()> {
    let (guests, own) = (
        Arc::new(MemoryMetrics::new()),
        Arc::new(MemoryMetrics::new()),
    );
    let runner = Runner::builder(guests.clone() as MetricsHandle)
        .own_backend(own.clone())
        .build()?;
    let program = runner.load("records", &component(RECORDS)?)?;
    block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    let by_guest = |event: &Event| event.runner() != RunnerType::Wasm;
    ensure!(guests.events().len() == 3 && guests.events().iter().all(by_guest));
    ensure!(own.events().len() == 2 && own.events()[0] == STARTED);
    balanced(runner.own_ledger(), 2)
}

#[test]
fn each_failed_start_has_its_own_runner_error() -> Result<()> {
    let (runner, memory) = runner_with_memory()?;
    let error = |kind| memory.runner_errors(RunnerType::Wasm, kind);

    let load = runner.load("text", b"not a component");
    ensure!(matches!(load, Err(LoadError::NotWasm { .. })), "{load:?}");
    ensure!(error(RunnerErrorKind::ModuleLoadFailed) == 1);

    let program = runner.load("records", &component(RECORDS)?)?;
    let nowhere = Task::new().dir("/nowhere/at/all", ".", Default::default());
    let spawn = block_on(async { Ok(runner.run(&program, nowhere).await) })?;
    ensure!(matches!(spawn, Err(SpawnError::Dir { .. })), "{spawn:?}");
    ensure!(error(RunnerErrorKind::BackendConfigFailed) == 1);

    let mut small = Task::new();
    small.limits.memory = 65_536;
    let spawn = block_on(async { Ok(runner.run(&program, small).await) })?;
    ensure!(matches!(spawn, Err(SpawnError::Limit { .. })), "{spawn:?}");
    ensure!(error(RunnerErrorKind::SpawnFailed) == 1);

    ensure!(memory.started(RunnerType::Wasm) == 0);
    balanced(runner.own_ledger(), 3)
}

/// Only the runner that loaded a program can run it: another runner has another engine.
#[test]
fn a_program_of_another_runner_is_rejected_without_a_panic() -> Result<()> {
    let (one, _) = runner_with_memory()?;
    let (other, memory) = runner_with_memory()?;
    let program: Program = one.load("records", &component(RECORDS)?)?;
    let mut task = Task::new();
    task.stdout = Output::Capture;
    let spawn = block_on(async { Ok(other.run(&program, task).await) })?;
    ensure!(matches!(spawn, Err(SpawnError::OtherRunner)), "{spawn:?}");
    ensure!(memory.runner_errors(RunnerType::Wasm, RunnerErrorKind::SpawnFailed) == 1);
    Ok(())
}

fn runner_with_memory() -> Result<(Runner, Arc<MemoryMetrics>)> {
    let memory = Arc::new(MemoryMetrics::new());
    Ok((Runner::builder(memory.clone()).build()?, memory))
}

fn balanced(ledger: LedgerSnapshot, accepted: u64) -> Result<()> {
    ensure!(
        ledger.accepted() == accepted,
        "{accepted} expected: {ledger:?}"
    );
    ensure!(ledger.delivered() == accepted, "{ledger:?}");
    ensure!(ledger.in_flight() == 0, "{ledger:?}");
    Ok(())
}

/// Yields to other tasks until the condition holds.
async fn until(so: impl Fn() -> bool) {
    while !so() {
        tokio::task::yield_now().await;
    }
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
