//! The compiler process itself: it compiles one component, and ends.

use std::io::{self, ErrorKind, Read, Write};
use std::panic;
use std::process::{self, ExitCode};
use std::thread::{self, JoinHandle};

use rlimit::Resource;

use super::address::Digest;
use super::compiler::{MOST_THREADS, NotCompiled};
use super::here;
use super::order::{CompileFailure, CompileOrder};
use crate::contained::panic_is_contained;
use crate::process::{ProcessLimit, try_threads};

/// Stack of the thread that compiles, in bytes, independent of the stack of the first thread
/// (`ulimit -s`).
const STACK: usize = 8 << 20;

/// Maximum number of threads: wasmtime's, and one that waits for the end of the parent process.
const THREADS: usize = MOST_THREADS + 1;

/// Exit code of a Rust program whose first thread panics.
const PANICKED: u8 = 101;

/// Compiles one component for the parent process, as a [`CompilerProcess`](super::CompilerProcess).
/// Call this function at the start of a program's `main`, when its arguments say so:
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
/// The last argument contains the request. The function lowers the limits of this process before it
/// reads anything, and reads the component from standard input. The function writes code to
/// standard output, or the reason for a failure to standard error. This process ends when its
/// parent ends.
#[must_use]
pub fn compile_worker() -> ExitCode {
    silence_contained_panics();
    let worked = thread::Builder::new().stack_size(STACK).spawn(work);
    let worked = match worked.map(JoinHandle::join) {
        Ok(Ok(worked)) => worked,
        // The panic was already printed.
        Ok(Err(_)) => return ExitCode::from(PANICKED),
        Err(error) => Err(WorkerFailure::new(CompileFailure::Thread, error)),
    };
    match worked {
        Ok(()) => ExitCode::SUCCESS,
        Err(WorkerFailure { no, reason }) => {
            // The parent may be gone.
            let _ = io::stderr().write_all(reason.as_bytes());
            ExitCode::from(no as u8)
        }
    }
}

/// Prints no message for a panic that is answered with an error.
fn silence_contained_panics() {
    let say = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic_is_contained() {
            say(panic);
        }
    }));
}

/// Reason why there is no code.
struct WorkerFailure {
    no: CompileFailure,
    reason: String,
}

impl WorkerFailure {
    fn new(no: CompileFailure, reason: impl ToString) -> Self {
        let reason = reason.to_string();
        Self { no, reason }
    }
}

impl From<io::Error> for WorkerFailure {
    fn from(error: io::Error) -> Self {
        Self::new(CompileFailure::of_io(&error), error)
    }
}

impl From<NotCompiled> for WorkerFailure {
    fn from(not_compiled: NotCompiled) -> Self {
        match not_compiled {
            NotCompiled::NotComposed(reason) => Self::new(CompileFailure::NotComposed, reason),
            NotCompiled::Refused(reason) if is_of_memory(&reason) => {
                Self::new(CompileFailure::Memory, reason)
            }
            NotCompiled::Refused(reason) => Self::new(CompileFailure::NotCompiled, reason),
            NotCompiled::FixedLimit(what) => Self::new(CompileFailure::FixedLimit, what),
            NotCompiled::Proposals(proposals) => Self::new(CompileFailure::Proposals, proposals),
            NotCompiled::Limit(limit) => Self::new(CompileFailure::Misunderstood, limit),
            NotCompiled::ProcessLimit(limit) => Self::new(CompileFailure::Memory, limit),
            NotCompiled::Process(reason) => Self::new(CompileFailure::Misunderstood, reason),
        }
    }
}

/// Whether the reason is a lack of memory. Libraries report mappings and threads that the system
/// refuses as errors and panics, with the system's own message. Threads were available before
/// memory was limited.
fn is_of_memory(reason: &str) -> bool {
    [
        "Cannot allocate memory",
        "out of memory",
        "ThreadPoolBuildError",
    ]
    .iter()
    .any(|sign| reason.contains(sign))
}

fn work() -> Result<(), WorkerFailure> {
    let misunderstood = |reason: &str| WorkerFailure::new(CompileFailure::Misunderstood, reason);
    let order = std::env::args_os().next_back();
    let order = order.as_deref().and_then(|order| order.to_str());
    let order = order.and_then(CompileOrder::parse);
    let order = order.ok_or_else(|| misunderstood("its version is different"))?;
    try_threads(THREADS).map_err(|error| WorkerFailure::new(CompileFailure::Thread, error))?;
    lower(Resource::AS, order.memory, order.memory)?;
    // The first limit sends a signal, the second one kills the process.
    lower(Resource::CPU, order.cpu, order.cpu.saturating_add(1))?;
    // A core dump of a process that reached its limits has no use.
    lower(Resource::CORE, 0, 0)?;
    let component = component()?;
    end_with_parent()?;
    let engine = order.settings.engine();
    let engine = engine.map_err(|error| match ProcessLimit::behind(&error) {
        Some(limit) => WorkerFailure::new(CompileFailure::Memory, limit),
        None => WorkerFailure::new(CompileFailure::Misunderstood, error),
    })?;
    if Digest::of_engine(&engine).to_string() != order.engine {
        return Err(misunderstood("its build is different"));
    }
    let code = here::compile(&engine, order.kind, &component)?;
    let mut stdout = io::stdout().lock();
    let code = code.bytes();
    stdout.write_all(code.ok_or_else(|| misunderstood("the code is not in memory"))?)?;
    Ok(stdout.flush()?)
}

/// Lowers a limit, unless it is already lower.
fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let (_, highest) = resource.get()?;
    resource.set(soft.min(highest), hard.min(highest))
}

/// Reads the component from standard input: its length, and this number of bytes.
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

/// Ends this process when its parent ends: reading standard input returns then.
fn end_with_parent() -> io::Result<()> {
    thread::Builder::new().spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        process::exit(CompileFailure::Misunderstood as i32)
    })?;
    Ok(())
}
