use std::io::{self, ErrorKind, Read, Write};
use std::panic;
use std::process::{self, ExitCode};
use std::thread::{self, JoinHandle};

use rlimit::Resource;

use super::address::Digest;
use super::compiler::{MOST_THREADS, NotCompiled};
use super::here;
use super::order::{No, Order};
use crate::contained::panic_is_contained;
use crate::process::{ProcessLimit, try_threads};

/// Bytes of stack that compiling has, whatever this process was given for its first
/// thread (`ulimit -s`).
const STACK: usize = 8 << 20;

/// Threads that compiling takes at most: wasmtime's, and one that waits for the end of
/// whoever asked.
const THREADS: usize = MOST_THREADS + 1;

/// The exit code of a program of Rust's whose first thread panics.
const PANICKED: u8 = 101;

/// Compiles one component for the process that has started this one, as a
/// [`CompilerProcess`](super::CompilerProcess), and answers it. To be called in a
/// program's `main`, before anything else, when its arguments say so:
///
/// ```no_run
/// use std::process::ExitCode;
/// use solti_metrics_host::artifact::compile_worker;
///
/// fn main() -> ExitCode {
///     if std::env::args().nth(1).as_deref() == Some("compile-worker") {
///         return compile_worker();
///     }
///     ExitCode::SUCCESS
/// }
/// ```
///
/// It takes its orders from the last argument, lowers its own limits before it reads
/// anything, reads the component from standard input, and writes code to standard
/// output, or why there is none to standard error. It ends when the other process
/// does.
#[must_use]
pub fn compile_worker() -> ExitCode {
    say_no_panic_twice();
    let worked = thread::Builder::new().stack_size(STACK).spawn(work);
    let worked = match worked.map(JoinHandle::join) {
        Ok(Ok(worked)) => worked,
        // The panic was told.
        Ok(Err(_)) => return ExitCode::from(PANICKED),
        Err(error) => Err(Answer::new(No::Thread, error)),
    };
    match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(Answer { no, reason }) => {
            // Whoever asked may be gone.
            let _ = io::stderr().write_all(reason.as_bytes());
            ExitCode::from(no as u8)
        }
    }
}

/// One that is answered with an error says nothing on its way.
fn say_no_panic_twice() {
    let say = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic_is_contained() {
            say(panic);
        }
    }));
}

/// Why there is no code.
struct Answer {
    no: No,
    reason: String,
}

impl Answer {
    fn new(no: No, reason: impl ToString) -> Self {
        let reason = reason.to_string();
        Self { no, reason }
    }
}

impl From<io::Error> for Answer {
    fn from(error: io::Error) -> Self {
        Self::new(No::of_io(&error), error)
    }
}

impl From<NotCompiled> for Answer {
    fn from(not_compiled: NotCompiled) -> Self {
        match not_compiled {
            NotCompiled::NotComposed(reason) => Self::new(No::NotComposed, reason),
            NotCompiled::Refused(reason) if is_of_memory(&reason) => Self::new(No::Memory, reason),
            NotCompiled::Refused(reason) => Self::new(No::NotCompiled, reason),
            NotCompiled::FixedLimit(what) => Self::new(No::FixedLimit, what),
            NotCompiled::Proposals(proposals) => Self::new(No::Proposals, proposals),
            NotCompiled::Limit(limit) => Self::new(No::Misunderstood, limit),
            NotCompiled::ProcessLimit(limit) => Self::new(No::Memory, limit),
            NotCompiled::Process(reason) => Self::new(No::Misunderstood, reason),
        }
    }
}

/// Mappings and threads that the system refuses are errors and panics of others, told
/// in the system's own words. There were threads before memory was limited.
fn is_of_memory(reason: &str) -> bool {
    [
        "Cannot allocate memory",
        "out of memory",
        "ThreadPoolBuildError",
    ]
    .iter()
    .any(|sign| reason.contains(sign))
}

fn work() -> Result<(), Answer> {
    let misunderstood = |reason: &str| Answer::new(No::Misunderstood, reason);
    let order = std::env::args_os().next_back();
    let order = order.as_deref().and_then(|order| order.to_str());
    let order = order.and_then(Order::parse);
    let order = order.ok_or_else(|| misunderstood("it is of another version"))?;
    try_threads(THREADS).map_err(|error| Answer::new(No::Thread, error))?;
    lower(Resource::AS, order.memory, order.memory)?;
    // At the first one it is told, at the second one it is killed.
    lower(Resource::CPU, order.cpu, order.cpu.saturating_add(1))?;
    // What is left of a process that ran into its limits is of no use.
    lower(Resource::CORE, 0, 0)?;
    let component = component()?;
    end_with_whoever_asked()?;
    let engine = order.settings.engine();
    let engine = engine.map_err(|error| match ProcessLimit::behind(&error) {
        Some(limit) => Answer::new(No::Memory, limit),
        None => Answer::new(No::Misunderstood, error),
    })?;
    if Digest::of_engine(&engine).to_string() != order.engine {
        return Err(misunderstood("it was built in another way"));
    }
    let code = here::compile(&engine, order.kind, &component)?;
    let mut stdout = io::stdout().lock();
    let code = code.bytes();
    stdout.write_all(code.ok_or_else(|| misunderstood("its code is not in memory"))?)?;
    Ok(stdout.flush()?)
}

/// A limit that is lower already stays as it is.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, highest) = resource.get()?;
    resource.set(soft.min(highest), hard.min(highest))
}

/// From standard input: its length, and so many bytes.
fn component() -> io::Result<Vec<u8>> {
    let mut stdin = io::stdin().lock();
    let mut length = [0; 8];
    stdin.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut component = Vec::new();
    component.try_reserve_exact(length)?;
    stdin.take(length as u64).read_to_end(&mut component)?;
    match component.len() == length {
        true => Ok(component),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

/// There is nothing more to read, and reading ends when the other side does.
fn end_with_whoever_asked() -> io::Result<()> {
    thread::Builder::new().spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        process::exit(No::Misunderstood as i32)
    })?;
    Ok(())
}
