//! The process that compiles: it may be missing, die, hang or talk too much, and
//! nobody waits for it for ever.

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
use solti_metrics_tests::place::end;

use crate::artifacts::bombs::huge_function;
use crate::artifacts::kept::{Host, guest};
use crate::artifacts::place::Place;
use solti_metrics_tests::child::{GUARD, Running};

/// Compiling would take several times as long.
const AT_ONCE: Duration = Duration::from_secs(8);

pub(crate) fn real() -> Result<CompilerProcess> {
    Ok(CompilerProcess::new(program()?).arg("compile-worker"))
}

/// Why this component is not loaded when it is compiled so.
fn refused(compiler: CompilerProcess, component: &[u8]) -> Result<LoadError> {
    let artifacts = Artifacts::new().compiler(compiler);
    let runner = Runner::builder(noop_metrics()).artifacts(artifacts);
    match runner.build()?.load("guest", component) {
        Err(error) => Ok(error),
        Ok(program) => bail!("{program:?} was loaded"),
    }
}

#[test]
fn what_it_compiles_runs() -> Result<()> {
    Host::new(Artifacts::new().compiler(real()?))?.loads(7, Origin::Compiled)
}

#[test]
fn one_that_is_not_there_is_an_error_of_its_own() -> Result<()> {
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
fn one_that_does_something_else_is_an_error() -> Result<()> {
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
    // Nothing is no code, and a crash is due to the component.
    let crashing = CompilerProcess::new("sh").arg("-c").arg("kill -SEGV $$");
    for compiler in [CompilerProcess::new("true"), crashing] {
        let error = refused(compiler, &guest(7)?)?;
        ensure!(matches!(error, LoadError::Compile { .. }), "{error}");
    }
    Ok(())
}

#[test]
fn each_limit_is_told_by_its_name() -> Result<()> {
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
fn one_that_is_refused_threads_is_not_told_to_take_memory() -> Result<()> {
    // More than any machine has for the stack of a thread.
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
fn what_was_too_much_once_is_not_tried_again() -> Result<()> {
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
fn one_that_is_killed_ends_the_load_and_nothing_else() -> Result<()> {
    let place = Place::with(&huge_function()?)?;
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
fn one_whose_parent_is_gone_ends_too() -> Result<()> {
    for signal in ["KILL", "INT"] {
        let place = Place::with(&huge_function()?)?;
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
fn an_order_that_is_none_is_refused() -> Result<()> {
    let place = Place::new()?;
    for order in ["", "kind=plain", "version=0.0.0,kind=plain"] {
        let mut command = place.command(&["compile-worker", order])?;
        // Nothing but the answer, whatever is logged elsewhere.
        let end = end(command.env("RUST_LOG", "trace"))?;
        ensure!(end.code == Some(67), "{end}");
        ensure!(end.stderr == "its version is different", "{end}");
    }
    Ok(())
}

/// The process that a process has started, as soon as there is one.
fn child_of(parent: u32) -> Result<u32> {
    let begun = Instant::now();
    while begun.elapsed() < GUARD {
        for task in fs::read_dir(format!("/proc/{parent}/task"))? {
            // A thread may be gone by now.
            let children = fs::read_to_string(task?.path().join("children"));
            if let Some(child) = children.unwrap_or_default().split_whitespace().next() {
                // Before it is a program of its own, it is a copy of the other.
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

/// Whoever has ended may be there as a name until somebody has waited for it.
fn is_running(process: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}
