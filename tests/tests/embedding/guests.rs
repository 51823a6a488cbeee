//! The guests in `guest/examples/`, built by their real toolchain.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use solti_metrics::{Event, MemoryMetrics, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::runner::{Runner, Task, TaskEnd, TaskReport};
use solti_metrics_host::wasi::{Access, Output};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

#[test]
fn digest_prints_the_output_of_sha256sum_for_our_sources() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (report, memory) = digest(&root, "src", &[])?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);

    let sums = String::from_utf8(report.stdout)?;
    ensure!(sums.lines().count() >= 8, "only {sums}");
    let files: Vec<_> = sums
        .lines()
        .filter_map(|line| line.split("  ").nth(1))
        .collect();
    let theirs = Command::new("sha256sum")
        .args(&files)
        .current_dir(&root)
        .output()?;
    let expected = String::from_utf8(theirs.stdout)?;
    ensure!(sums == expected, "digest:\n{sums}\nsha256sum:\n{expected}");

    // The runner's own task is one more.
    let tasks = files.len() + 1;
    ensure!(memory.started(RunnerType::Wasm) == tasks);
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Success) == tasks);
    Ok(())
}

#[test]
fn digest_escapes_odd_names_as_sha256sum_does() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let names = [
        "two words",
        "line\nfeed",
        "back\\slash",
        "return\r",
        "\u{fc}ml\u{e4}ut",
    ];
    fs::create_dir(folder.path().join("in"))?;
    for name in names {
        fs::write(folder.path().join("in").join(name), name)?;
    }
    let (report, _) = digest(folder.path(), "in", &[])?;
    let ours = String::from_utf8(report.stdout)?;
    let theirs = Command::new("sha256sum")
        .args(names.map(|name| format!("in/{name}")))
        .current_dir(folder.path())
        .output()?;
    let expected = String::from_utf8(theirs.stdout)?;
    let sorted = |text: &str| -> Vec<String> {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    ensure!(
        sorted(&ours) == sorted(&expected),
        "digest:\n{ours}\nsha256sum:\n{expected}"
    );
    Ok(())
}

#[test]
fn digest_names_failed_and_too_large_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let inside = folder.path().join("in");
    fs::create_dir(&inside)?;
    fs::write(inside.join("good"), "good")?;
    fs::write(inside.join("large"), "too large")?;
    // The guest does not follow a link, so a link is not a task. A missing folder on the command
    // line is a failure of the program, not of a task.
    std::os::unix::fs::symlink("good", inside.join("link"))?;
    let (report, memory) = digest(folder.path(), "in", &["--max-bytes", "8"])?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    let outcomes = TaskOutcome::ALL.map(|outcome| memory.completed(RunnerType::Wasm, outcome));
    // The good file and the runner's own task, and the large file.
    ensure!(outcomes == [2, 0, 1, 0], "{outcomes:?}");
    let stderr = String::from_utf8(report.stderr)?;
    ensure!(stderr.contains("in/large: over 8 bytes"), "{stderr}");

    let (report, memory) = digest(folder.path(), "missing", &[])?;
    ensure!(report.end == TaskEnd::Exited { code: 1 }, "{}", report.end);
    ensure!(memory.completed(RunnerType::Wasm, TaskOutcome::Failure) == 1);
    Ok(())
}

/// Removing the read permission has no effect for root. Reading `/proc/self/mem` fails
/// for all users.
#[test]
fn digest_records_an_unreadable_file_as_failed() -> Result<()> {
    let unreadable = Path::new("/proc/self/mem");
    ensure!(unreadable.exists(), "no /proc: this test needs Linux");
    let (report, memory) = digest(Path::new("/proc/self"), "mem", &[])?;
    ensure!(report.end == TaskEnd::Exited { code: 1 }, "{}", report.end);
    let failed = memory.completed(RunnerType::Wasm, TaskOutcome::Failure);
    // The task of the file, and the task of the runner.
    ensure!(failed == 2, "{:?}", memory.events());
    Ok(())
}

#[test]
fn each_guest_has_the_role_of_its_name() -> Result<()> {
    for (name, target, role, program) in [
        ("digest", WASI, Role::Guest, true),
        ("reporter", WASI, Role::Guest, true),
        ("bare", WASI, Role::Guest, false),
        ("bare", BARE, Role::Guest, false),
        ("lines", WASI, Role::Provider, false),
        ("middleware", WASI, Role::Middleware, false),
        ("middleware", BARE, Role::Middleware, false),
        ("otlp", WASI, Role::Provider, false),
        ("statsd", WASI, Role::Provider, false),
        ("jsonl", WASI, Role::Provider, false),
        ("rename", WASI, Role::Middleware, false),
        ("sampler", WASI, Role::Middleware, false),
        ("provider", WASI, Role::Provider, false),
        ("provider", BARE, Role::Provider, false),
    ] {
        let inspection = Inspection::of(name, &fs::read(artifact(name, target))?)?;
        ensure!(
            inspection.role() == role,
            "{name} for {target}: {}",
            inspection.role()
        );
        ensure!(inspection.metrics_version() == Some("0.1.0"), "{name}");
        ensure!(inspection.is_program() == program, "{name} for {target}");
    }
    Ok(())
}

#[test]
fn a_guest_for_the_bare_target_imports_only_metrics() -> Result<()> {
    for name in ["bare", "middleware", "provider"] {
        let inspection = Inspection::of(name, &fs::read(artifact(name, BARE))?)?;
        for import in &inspection.imports {
            ensure!(
                import.path().starts_with("solti:metrics/"),
                "{name}: {import}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_bare_guest_records_through_an_embedders_own_linker() -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx }).map_err(said)?;
    let mut store = Store::new(
        &engine,
        MetricsCtx::builder().handle(memory.clone()).build(),
    );
    let bytes = fs::read(artifact("bare", BARE))?;
    let component = Component::from_binary(&engine, &bytes).map_err(said)?;
    let instance = linker.instantiate(&mut store, &component).map_err(said)?;
    instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .and_then(|run| run.call(&mut store, ()))
        .map_err(said)?;
    ensure!(
        memory.events()
            == [
                Event::TaskStarted {
                    runner: RunnerType::Subprocess
                },
                Event::RunnerError {
                    runner: RunnerType::Container,
                    error: RunnerErrorKind::SpawnFailed
                },
                Event::TaskCompleted {
                    runner: RunnerType::Subprocess,
                    outcome: TaskOutcome::Timeout,
                    duration_ms: 1_500
                },
            ],
        "{:?}",
        memory.events()
    );
    Ok(())
}

fn digest(folder: &Path, what: &str, options: &[&str]) -> Result<(TaskReport, Arc<MemoryMetrics>)> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone()).build()?;
    let program = runner.load_file(&artifact("digest", WASI))?;
    let mut task = Task::new().dir(folder, ".", Access::ReadOnly);
    task.args.extend(options.iter().map(ToString::to_string));
    task.args.push(what.into());
    task.stdout = Output::Capture;
    task.stderr = Output::Capture;
    task.deadline = Some(Duration::from_secs(60));
    let report = tokio::runtime::Runtime::new()?.block_on(runner.run(&program, task))?;
    let completed: usize = TaskOutcome::ALL
        .map(|outcome| memory.completed(RunnerType::Wasm, outcome))
        .iter()
        .sum();
    ensure!(
        completed == memory.started(RunnerType::Wasm),
        "{:?}",
        memory.events()
    );
    ensure!(report.ledger.in_flight() == 0);
    Ok((report, memory))
}

/// Converts an error of wasmtime, which has its own type.
fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}
