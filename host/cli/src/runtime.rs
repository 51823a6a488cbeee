//! What a command runs on: its threads, and how many descriptors it has.

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

/// How many threads do what blocks, such as reading a guest's file, at a time; on a
/// machine of more processors, one for each. What finds none free waits. Each of them
/// keeps some 40 KiB of memory for good.
const BLOCKING_THREADS: usize = 16;

/// How many of them are there before a command begins, so that there is always one that
/// does it: tokio panics where it has none, and the system starts none.
const FIRST_BLOCKING_THREADS: usize = 4;

/// Threads that a command starts besides: for signals, the log, messages, tickers, and
/// what supervises tasks. If there are none for them, that is told at the start.
const OTHER_THREADS: usize = 8;

/// Descriptors that tokio opens at its start: it panics where it cannot have some of them.
const DESCRIPTORS: usize = 8;

/// How long one that has nothing to do stays: for good.
const THREADS_STAY: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How long the start of a thread may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs a command to its end.
pub(crate) fn block_on(
    command: impl Future<Output = anyhow::Result<Exit>>,
) -> anyhow::Result<Exit> {
    let runtime = start()?;
    let exit = runtime.block_on(command);
    // A guest may have left a write behind that nobody reads.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

/// As many descriptors as this process may have. Systems set the first limit low for the
/// sake of old programs, which this is none of.
pub(crate) fn raise_descriptors() {
    if let Ok((soft, hard)) = Resource::NOFILE.get()
        && soft < hard
    {
        // Some systems have a lower one that they do not tell of: then it stays.
        let _ = Resource::NOFILE.set(hard, hard);
    }
}

/// Starts the threads that are started only when they are needed otherwise. So what goes
/// on for long has its memory at once, and does not grow whenever more block than ever did
/// before. Where the system has no more threads, there are fewer, as without this.
pub(crate) fn start_blocking_threads(runtime: &Handle) {
    let (hold, until) = channel::<()>();
    let until = Arc::new(Mutex::new(until));
    for _ in 0..blocking_threads() {
        let until = Arc::clone(&until);
        // One waits for all to be asked for, and the others for that one.
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
    // tokio panics where there are none, so it is looked at before.
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
        // Others have taken them meanwhile.
        Err(panic) => bail!("cannot start {threads} threads: {panic}; try again"),
    }
}

/// Whether so many can be opened, all at a time.
fn try_descriptors() -> io::Result<()> {
    let any = io::stderr();
    (0..DESCRIPTORS)
        .map(|_| any.as_fd().try_clone_to_owned())
        .collect::<io::Result<Vec<_>>>()
        .map(drop)
}

/// Lets each of them do something until all of them are there.
fn start_first_blocking_threads(runtime: &Runtime) -> io::Result<()> {
    let mut held = Vec::new();
    for _ in 0..FIRST_BLOCKING_THREADS {
        let (hold, until) = channel::<()>();
        let (begin, begun) = channel();
        runtime.spawn_blocking(move || {
            let _ = begin.send(());
            // It is never sent anything, and goes on when all are let go.
            let _ = until.recv();
        });
        held.push(hold);
        begun
            .recv_timeout(PATIENCE)
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
    }
    Ok(())
}
