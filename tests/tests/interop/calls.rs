//! System calls of a task through the runner, counted by `strace`. A count needs no clock
//! and no quiet machine, so a task that becomes expensive fails here on every machine.

#![allow(
    clippy::print_stderr,
    reason = "how the counted process reports an error"
)]

use std::env;
use std::fs;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::runner::{Pool, RecordingMode, Runner, Task, TaskEnd};
use solti_metrics_tests::guest::component;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::Trial;

/// Set for the process whose calls are counted.
const COUNTED: &str = "SOLTI_TEST_COUNTED_CALLS";

/// Tasks of each kind. The task with the fewest calls counts, because the epoch ticks during
/// some tasks, and each tick adds a few calls.
const TASKS: usize = 50;

/// Each kind of task, and the maximum number of its system calls. Without a pool, a task
/// maps a stack, protects its end, and unmaps it.
const KINDS: [Kind; 6] = [
    kind("inline", RecordingMode::Inline, false, 1, 3),
    kind(
        "inline, many records",
        RecordingMode::Inline,
        false,
        4_000,
        3,
    ),
    kind("inline, pool", RecordingMode::Inline, true, 1, 0),
    kind("direct", RecordingMode::Direct, false, 1, 3),
    kind(
        "direct, many records",
        RecordingMode::Direct,
        false,
        4_000,
        3,
    ),
    kind("direct, pool", RecordingMode::Direct, true, 1, 0),
];

/// Tasks of one kind.
struct Kind {
    name: &'static str,
    mode: RecordingMode,
    pool: bool,
    /// Records of each task.
    records: u32,
    /// Maximum number of calls of each task.
    most: usize,
}

const fn kind(
    name: &'static str,
    mode: RecordingMode,
    pool: bool,
    records: u32,
    most: usize,
) -> Kind {
    Kind {
        name,
        mode,
        pool,
        records,
        most,
    }
}

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let trial =
        ReferenceTool::strace().trial("a_task_makes_no_more_system_calls_than_before", counted);
    Ok(vec![trial])
}

/// Runs the tasks in a process of their own, under `strace`. Without `-f`, strace counts
/// the calls of the first thread alone, which runs the tasks.
fn counted(strace: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let calls = folder.path().join("calls");
    let output = Command::new(strace)
        .args(["-qq", "-o"])
        .arg(&calls)
        .arg(env::current_exe()?)
        .env(COUNTED, "1")
        .output()?;
    ensure!(output.status.success(), "{output:?}");
    let calls = fs::read_to_string(calls)?;
    let tasks = between_marks(&calls);
    ensure!(
        tasks.len() == KINDS.len() * TASKS,
        "{} tasks: {}",
        tasks.len(),
        calls.lines().last().unwrap_or_default()
    );
    for (kind, tasks) in KINDS.iter().zip(tasks.chunks(TASKS)) {
        let fewest = tasks.iter().min_by_key(|calls| calls.len());
        let fewest = fewest.context("no task")?;
        ensure!(
            fewest.len() <= kind.most,
            "{}: {} system calls of a task, and the maximum is {}: {fewest:?}",
            kind.name,
            fewest.len(),
            kind.most
        );
    }
    Ok(())
}

/// The names of the calls of each task. A task is between two calls of `getppid`, which no
/// task makes.
fn between_marks(calls: &str) -> Vec<Vec<&str>> {
    let mut tasks = Vec::new();
    let mut now: Option<Vec<&str>> = None;
    for line in calls.lines() {
        let name = line.split('(').next().unwrap_or_default();
        match (name, now.take()) {
            ("getppid", None) => now = Some(Vec::new()),
            ("getppid", Some(task)) => tasks.push(task),
            (_, Some(mut task)) => {
                task.push(name);
                now = Some(task);
            }
            (_, None) => {}
        }
    }
    tasks
}

/// Whether this process runs the counted tasks, and no test.
pub(crate) fn is_counted() -> bool {
    env::var_os(COUNTED).is_some()
}

/// Runs the tasks of each kind.
pub(crate) fn tasks() -> ExitCode {
    match KINDS.iter().try_for_each(of_kind) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn of_kind(kind: &Kind) -> Result<()> {
    let mut runner = Runner::builder(noop_metrics()).recording_mode(kind.mode);
    if kind.pool {
        runner = runner.pool(Pool::new(1));
    }
    let runner = runner.build()?;
    let program = runner.load("guest", &component(&recording(kind.records))?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    runtime.block_on(async {
        let run = async || {
            let end = runner.run(&program, Task::new()).await?.end;
            ensure!(end == TaskEnd::Exited { code: 0 }, "{}: {end}", kind.name);
            Ok(())
        };
        // The first tasks create objects that all tasks share.
        for _ in 0..TASKS {
            run().await?;
        }
        for _ in 0..TASKS {
            let _ = parent_id();
            run().await?;
            let _ = parent_id();
        }
        Ok(())
    })
}

fn recording(records: u32) -> String {
    format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-completed"
            (func $completed (param i32 i32 i64)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32)
            (local $left i32)
            (local.set $left (i32.const {records}))
            (loop $again
                (call $completed (i32.const 2) (i32.const 0) (i64.const 1))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 0))"#
    )
}
