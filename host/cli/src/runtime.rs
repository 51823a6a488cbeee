//! Threads and file descriptors of a command.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{anyhow, bail};
use parking_lot::Mutex;
use rlimit::Resource;
use solti_metrics_host::contained::contained;
use solti_metrics_host::process::{io_reason, no_thread, try_threads};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::exit::Exit;

/// Number of threads for blocking work, such as reading the file of a guest. Machines with
/// more processors get one thread for each processor. Further blocking work waits for a
/// free thread. Each thread uses about 40 KiB of memory until the process ends.
const BLOCKING_THREADS: usize = 16;

/// Number of blocking threads that start with the command. If the system cannot start a
/// thread, tokio panics unless it has one already.
const FIRST_BLOCKING_THREADS: usize = 4;

/// Number of other threads of a command: for signals, the log, messages, tickers and the
/// supervision of tasks. If the system cannot start this many threads, the command fails at
/// its start.
const OTHER_THREADS: usize = 8;

/// Number of descriptors that tokio opens at its start. tokio panics if it cannot open some
/// of them.
const DESCRIPTORS: usize = 8;

/// Time after which an idle thread ends, longer than any process runs.
const THREADS_STAY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Maximum time for a thread to start.
const THREAD_START_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs a command until it ends.
pub(crate) fn block_on(
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let runtime = start()?;
    let exit = runtime.block_on(command);
    // A guest can leave a blocked write behind if the output has no reader.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// Raises the limit on file descriptors to the hard limit of this process. Systems set a
/// low soft limit for old programs, which this program does not need.
pub(crate) fn raise_descriptors() {
    if let Ok((soft, hard)) = Resource::NOFILE.get()
        && soft < hard
    {
        // Some systems have a lower limit that they do not report. The soft limit then
        // stays.
        let _ = Resource::NOFILE.set(hard, hard);
    }
}

/// Starts all blocking threads, which tokio would otherwise start on demand. A process that
/// runs for a long time then allocates their memory at its start, and does not grow later.
/// If the system has too few threads, fewer are started.
pub(crate) fn start_blocking_threads(runtime: &Handle) {
    let (hold, until) = channel::<()>();
    let until = Arc::new(Mutex::new(until));
    for _ in 0..blocking_threads() {
        let until = Arc::clone(&until);
        // The first task waits until all tasks are spawned, and the other tasks wait for
        // its lock.
        runtime.spawn_blocking(move || until.lock().recv());
    }
    drop(hold);
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn blocking_threads() -> usize {
    processors().max(BLOCKING_THREADS)
}

fn start() -> anyhow::Result<Runtime> {
    let workers = processors();
    let threads = workers + FIRST_BLOCKING_THREADS + OTHER_THREADS;
    // tokio panics if it cannot start a thread. The check reports an error instead.
    try_threads(threads)
        .map_err(|error| anyhow!("cannot start {threads} threads: {}", no_thread(&error)))?;
    try_descriptors().map_err(|error| {
        let reason = io_reason(&error, "allow this process more open files");
        anyhow!("cannot open {DESCRIPTORS} descriptors: {reason}")
    })?;
    let mut builder = Builder::new_multi_thread();
    builder
        .enable_all()
        .worker_threads(workers)
        .max_blocking_threads(blocking_threads())
        .thread_keep_alive(THREADS_STAY);
    let started = contained(|| {
        let runtime = builder.build()?;
        start_first_blocking_threads(&runtime)?;
        io::Result::Ok(runtime)
    });
    match started {
        Ok(Ok(runtime)) => Ok(runtime),
        Ok(Err(error)) => bail!("cannot start {threads} threads: {}", no_thread(&error)),
        // Other processes have taken the threads or descriptors since the check.
        Err(panic) => bail!("cannot start {threads} threads: {panic}; try again"),
    }
}

/// Checks whether the process can open this many descriptors at the same time.
fn try_descriptors() -> io::Result<()> {
    let any = io::stderr();
    (0..DESCRIPTORS)
        .map(|_| any.as_fd().try_clone_to_owned())
        .collect::<io::Result<Vec<_>>>()
        .map(drop)
}

/// Blocks the first threads until all of them have started.
fn start_first_blocking_threads(runtime: &Runtime) -> io::Result<()> {
    let mut held = Vec::new();
    for _ in 0..FIRST_BLOCKING_THREADS {
        let (hold, until) = channel::<()>();
        let (started, start) = channel();
        runtime.spawn_blocking(move || {
            let _ = started.send(());
            // The channel receives no message. The thread continues when the sender is
            // dropped.
            let _ = until.recv();
        });
        held.push(hold);
        start
            .recv_timeout(THREAD_START_TIMEOUT)
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    }
    Ok(())
}
