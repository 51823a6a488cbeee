use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::campaign::traced;
use solti_metrics_tests::endurance::{Reading, Then, guest};
use solti_metrics_tests::served::{FILE, HEAD, Served, serve};
use tempfile::TempDir;

use super::mounted::{runs, stop};

/// A guest that reads files, one that records, and a provider.
const CONFIG: &str = "[compilation]\ncache = \"code\"\n\
    [tasks.digest]\ncomponent = \"digest.wasm\"\nargs = [\"/texts\"]\n\
    dirs = [\"texts::/texts\"]\nschedule = \"interval\"\ninterval = \"50ms\"\n\
    [tasks.quick]\ncomponent = \"quick.wasm\"\nschedule = \"interval\"\ninterval = \"10ms\"\n\
    [backends.sink]\ncomponent = \"provider.wasm\"\n";

fn folder() -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    for name in ["digest", "provider"] {
        fs::copy(artifact(name, WASI), at(&format!("{name}.wasm")))?;
    }
    fs::write(at("quick.wasm"), guest(7, Then::Succeeds)?)?;
    fs::create_dir(at("texts"))?;
    for number in 0..5 {
        fs::write(at("texts").join(number.to_string()), "a text\n")?;
    }
    Ok(folder)
}

/// Starts a runner with this command, and checks its runs, its reload and its stop.
fn works(command: &mut Command, folder: &Path) -> Result<()> {
    let mut served = Served::start_with(command, folder, &format!("{HEAD}{CONFIG}"))?;
    continues(&served)?;
    let error = served.reload_as_it_is()?;
    ensure!(error.is_none(), "{error:?}");
    continues(&served)?;
    stop(served)?;
    Ok(())
}

/// Both tasks run, no run fails, and all ledgers balance.
fn continues(served: &Served) -> Result<()> {
    runs(served)?;
    let digest = "solti_metrics_task_runs_total{task=\"digest\",outcome=\"success\"}";
    served.until_at_least(digest, served.sample(digest)? + 2.0)?;
    let reading = Reading::of(&served.page("/metrics")?)?;
    let unbalanced = reading.unbalanced();
    ensure!(unbalanced.is_empty(), "{unbalanced:?}");
    let outcomes = reading.by("solti_metrics_task_runs_total", "outcome");
    for bad in ["failure", "timeout", "start_failed"] {
        ensure!(outcomes.get(bad) == Some(&0.0), "{outcomes:?}");
    }
    ensure!(reading.get("solti_metrics_log_entries_lost_total") == 0.0);
    Ok(())
}

/// Each of these system calls takes 2 ms longer.
pub(super) fn slow(strace: &Path) -> Result<()> {
    let folder = folder()?;
    let calls = "openat,renameat2,renameat,rename,unlink,unlinkat,fsync,getdents64,newfstatat";
    let (trace, inject) = (
        format!("trace={calls}"),
        format!("inject={calls}:delay_enter=2000"),
    );
    let serve = serve(folder.path(), &[FILE]);
    let mut command = traced(strace, &["-e", &trace, "-e", &inject], &serve);
    works(&mut command, folder.path())
}

/// Every third of these system calls of a thread is interrupted. The first ones are those
/// of the dynamic linker, which does not make an interrupted call again. The kernel never
/// interrupts a call that does not wait, such as one that wakes a thread or reads a socket
/// without blocking, so these calls are left alone.
pub(super) fn injected(strace: &Path) -> Result<()> {
    let folder = folder()?;
    let calls = "read,pread64,openat,accept4,epoll_wait,wait4,fsync,flock,getrandom";
    let (trace, inject) = (
        format!("trace={calls}"),
        format!("inject={calls}:error=EINTR:when=30+3"),
    );
    let serve = serve(folder.path(), &[FILE]);
    let mut command = traced(strace, &["-e", &trace, "-e", &inject], &serve);
    works(&mut command, folder.path())
}

/// Each signal interrupts the calls that wait: SIGHUP those of the thread that gets it, and
/// SIGSTOP with SIGCONT those of all threads.
pub(super) fn storm() -> Result<()> {
    let folder = folder()?;
    let config = format!("{HEAD}{CONFIG}");
    let mut serve = serve(folder.path(), &[FILE]);
    let served = Served::start_with(&mut serve, folder.path(), &config)?;
    let script = format!(
        "i=0; while [ $i -lt 300 ]; do kill -HUP {id}; kill -STOP {id}; kill -CONT {id}; \
         i=$((i+1)); done",
        id = served.id()
    );
    let mut storm = Command::new("sh").args(["-c", &script]).spawn()?;
    continues(&served)?;
    ensure!(storm.wait()?.success());
    continues(&served)?;
    let failed = "solti_metrics_config_reloads_total{result=\"failed\"}";
    ensure!(served.sample(failed)? == 0.0);
    stop(served)?;
    Ok(())
}
