//! The compiling process may be missing, crash, hang or print too much. No load waits for
//! it for ever.

use std::fs;
use std::path::Path;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{Artifacts, CompilerProcess, Origin};
use solti_metrics_host::component::LoadError;
use solti_metrics_host::limits::CompileLimit;
use solti_metrics_host::runner::Runner;
use solti_metrics_tests::artifact::program;
use solti_metrics_tests::test_folder::end;

use crate::artifacts::bombs::huge_function;
use crate::artifacts::cached_runner::{Host, guest};
use crate::artifacts::test_folder::TestFolder;
use solti_metrics_tests::child::{GUARD, Running};

/// Compiling would take several times as long.
const AT_ONCE: Duration = Duration::from_secs(8);

pub(crate) fn real() -> Result<CompilerProcess> {
    Ok(CompilerProcess::new(program()?).arg("compile-worker"))
}

/// The error of a load with this compiler.
fn refused(compiler: CompilerProcess, component: &[u8]) -> Result<LoadError> {
    let artifacts = Artifacts::new().compiler(compiler);
    let runner = Runner::builder(noop_metrics()).artifacts(artifacts);
    match runner.build()?.load("guest", component) {
        Err(error) => Ok(error),
        Ok(program) => bail!("{program:?} was loaded"),
    }
}

#[test]
fn code_of_the_compiling_process_runs() -> Result<()> {
    Host::new(Artifacts::new().compiler(real()?))?.loads(7, Origin::Compiled)
}

#[test]
fn a_missing_compiler_has_its_own_error() -> Result<()> {
    let error = refused(CompilerProcess::new("/nowhere/at/all"), &guest(7)?)?;
    let LoadError::Compiler { reason, .. } = &error else {
        bail!("{error}");
    };
    ensure!(
        reason.contains("/nowhere/at/all cannot be started"),
        "{reason}"
    );
    Ok(())
}

#[test]
fn another_program_as_the_compiler_is_an_error() -> Result<()> {
    for (program, args, expected) in [
        ("false", &[][..], "the compiler ended with exit status: 1"),
        ("sh", &["-c", "echo no >&2; exit 7"], "exit status: 7: no"),
        ("sh", &["-c", "kill -9 $$"], "signal: 9"),
    ] {
        let compiler = CompilerProcess::new(program);
        let compiler = args.iter().fold(compiler, |it, arg| it.arg(arg));
        let error = refused(compiler, &guest(7)?)?;
        let LoadError::Compiler { reason, .. } = &error else {
            bail!("{error}");
        };
        ensure!(reason.contains(expected), "{reason}");
    }
    // An empty answer is not code, and a crash is a fault of the component.
    let crashing = CompilerProcess::new("sh").arg("-c").arg("kill -SEGV $$");
    for compiler in [CompilerProcess::new("true"), crashing] {
        let error = refused(compiler, &guest(7)?)?;
        ensure!(matches!(error, LoadError::Compile { .. }), "{error}");
    }
    Ok(())
}

#[test]
fn each_exceeded_limit_is_named() -> Result<()> {
    let second = Duration::from_secs(1);
    let bomb = huge_function()?;
    let small = guest(7)?;
    for (compiler, component, expected) in [
        (real()?.cpu(second), &bomb, CompileLimit::Cpu(second)),
        (real()?.wall(second), &bomb, CompileLimit::Wall(second)),
        (
            real()?.memory(64 << 20),
            &bomb,
            CompileLimit::Memory(64 << 20),
        ),
        (
            real()?.memory(1 << 20),
            &small,
            CompileLimit::Memory(1 << 20),
        ),
        (real()?.code(100), &small, CompileLimit::Code(100)),
    ] {
        let error = refused(compiler, component)?;
        let LoadError::CompileLimit { limit, .. } = &error else {
            bail!("{expected}: {error}");
        };
        ensure!(*limit == expected, "{limit}, not {expected}");
    }
    Ok(())
}

#[test]
fn a_compiler_without_threads_gets_no_advice_about_memory() -> Result<()> {
    // The stack of a thread is larger than the memory of any machine.
    let compiler = CompilerProcess::new("env")
        .arg(format!("RUST_MIN_STACK={}", 1_u64 << 47))
        .arg(program()?)
        .arg("compile-worker");
    let error = refused(compiler, &guest(7)?)?;
    let LoadError::ProcessLimit { limit, .. } = &error else {
        bail!("{error}");
    };
    let refused = "this process was refused another thread or process: ";
    ensure!(limit.to_string().starts_with(refused), "{limit}");
    Ok(())
}

/// Without the shim, it would take as long again.
#[test]
fn a_compilation_above_its_limit_is_not_retried() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("log");
    let script = format!("echo x >> '{}'; exec tail -f /dev/null", log.display());
    let compiler = CompilerProcess::new("sh").arg("-c").arg(script);
    let wall = Duration::from_millis(300);
    let error = refused(compiler.wall(wall), &guest(7)?)?;
    let LoadError::CompileLimit { limit, .. } = &error else {
        bail!("{error}");
    };
    ensure!(*limit == CompileLimit::Wall(wall), "{limit}");
    ensure!(fs::read_to_string(log)? == "x\n");
    Ok(())
}

#[test]
fn a_killed_compiler_ends_only_the_load() -> Result<()> {
    let place = TestFolder::with(&huge_function()?)?;
    let args = ["run", "--no-cache", "--format", "json", "guest.wasm"];
    let mut running = Running::start(&mut place.command(&args)?)?;
    kill(child_of(running.id)?)?;
    let said = running.line("error: guest.wasm: cannot compile the component: ")?;
    ensure!(said.contains("was killed (signal: 9"), "{said}");
    let end = running.end()?;
    ensure!(end.code == Some(1), "{end}");
    ensure!(end.stdout.contains("module_load_failed"), "{end}");
    Ok(())
}

#[test]
fn a_compiler_without_a_parent_ends() -> Result<()> {
    for signal in ["KILL", "INT"] {
        let place = TestFolder::with(&huge_function()?)?;
        let running = Running::start(&mut place.command(&["run", "--no-cache", "guest.wasm"])?)?;
        let child = child_of(running.id)?;
        running.signal(signal)?;
        drop(running.end());
        let begun = Instant::now();
        while is_running(child) {
            ensure!(begun.elapsed() < AT_ONCE, "{child} is still there");
            yield_now();
        }
    }
    Ok(())
}

#[test]
fn an_invalid_order_to_the_compiler_is_rejected() -> Result<()> {
    let place = TestFolder::new()?;
    for order in ["", "kind=plain", "version=0.0.0,kind=plain"] {
        let mut command = place.command(&["compile-worker", order])?;
        // Standard output has only the answer, and the log goes elsewhere.
        let end = end(command.env("RUST_LOG", "trace"))?;
        ensure!(end.code == Some(67), "{end}");
        ensure!(end.stderr == "its version is different", "{end}");
    }
    Ok(())
}

/// Waits for the child process of a process.
fn child_of(parent: u32) -> Result<u32> {
    let begun = Instant::now();
    while begun.elapsed() < GUARD {
        for task in fs::read_dir(format!("/proc/{parent}/task"))? {
            // The thread may have ended.
            let children = fs::read_to_string(task?.path().join("children"));
            if let Some(child) = children.unwrap_or_default().split_whitespace().next() {
                // Until its `exec`, the child is a copy of its parent.
                let name = fs::read_to_string(format!("/proc/{child}/cmdline"));
                if name.is_ok_and(|name| name.contains("compile-worker")) {
                    return child.parse().context("a number");
                }
            }
        }
        yield_now();
    }
    bail!("{parent} has no child")
}

fn kill(process: u32) -> Result<()> {
    let kill = format!("kill -KILL {process}");
    let status = std::process::Command::new("sh")
        .args(["-c", &kill])
        .status()?;
    ensure!(status.success(), "{kill}: {status}");
    Ok(())
}

/// A process that has ended stays as a zombie until its parent waits for it.
fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
