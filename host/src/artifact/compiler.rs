//! The compiler process, seen from the process that starts it.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use super::address::{CodeKind, Digest};
use super::child::{ProcessEnd, ProcessStopped, ask};
use super::order::{CompileFailure, CompileOrder};
use super::this_program::this_program;
use crate::engine::EngineSettings;
use crate::limits::CompileLimit;
use crate::process::ProcessLimit;
use crate::text::{one_line, printable};

// Signals, which have these numbers on Linux and on macOS.
const SIGILL: i32 = 4;
const SIGABRT: i32 = 6;
const SIGFPE: i32 = 8;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
/// Signal for too much processor time.
const SIGXCPU: i32 = 24;

/// Maximum number of threads. More threads would need more memory, and gain little.
pub(super) const MOST_THREADS: usize = 4;

/// A separate process that compiles components, one new process for each component. A component
/// that attacks the compiler only affects that process, within limits.
///
/// The program calls [`compile_worker`](super::compile_worker) and does nothing else. The program
/// must be built from the same sources as this process, for the same machine; the simplest choice
/// is the program of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerProcess {
    program: PathBuf,
    args: Vec<OsString>,
    memory: u64,
    cpu: Duration,
    wall: Duration,
    code: u64,
}

/// Reason why a process made no code.
#[derive(Debug)]
pub(super) enum NotCompiled {
    /// The component cannot be composed with the shim.
    NotComposed(String),
    /// The component is at fault.
    Refused(String),
    /// The component is larger than a limit that cannot be raised.
    FixedLimit(String),
    /// The component needs these proposals for WebAssembly.
    Proposals(String),
    /// The compilation exceeded a limit.
    Limit(CompileLimit),
    /// A limit of this process refused a resource that the compilation needs.
    ProcessLimit(ProcessLimit),
    /// The process is at fault, or this machine.
    Process(String),
}

impl NotCompiled {
    /// Converts an error of wasmtime.
    pub(super) fn of(error: &wasmtime::Error) -> Self {
        match ProcessLimit::behind(error) {
            Some(limit) => Self::ProcessLimit(limit),
            None => Self::Refused(one_line(error)),
        }
    }
}

impl CompilerProcess {
    /// A compiler process of this program, without arguments.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            memory: 1 << 30,
            cpu: Duration::from_secs(120),
            wall: Duration::from_secs(120),
            code: 1 << 30,
        }
    }

    /// A compiler process of this process's own program, even if its file was replaced meanwhile.
    /// Where `/proc` is not mounted, the program is the current file at the path from which this
    /// process was started.
    ///
    /// # Errors
    ///
    /// When the system does not provide the path of the program.
    pub fn this_program() -> io::Result<Self> {
        this_program().map(Self::new)
    }

    /// Adds an argument for the program, which tells it to compile. One more argument follows the
    /// others, for `compile_worker`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets the maximum address space, in bytes. Default: 1 GiB, since a component of 18 MB with
    /// Python takes 500 MiB on two processors, and each further thread of the compiler up to 100
    /// MiB.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the maximum processor time, in whole seconds. Default: two minutes.
    #[must_use]
    pub fn cpu(mut self, time: Duration) -> Self {
        self.cpu = time;
        self
    }

    /// Sets the maximum elapsed time. Default: two minutes.
    #[must_use]
    pub fn wall(mut self, time: Duration) -> Self {
        self.wall = time;
        self
    }

    /// Sets the maximum size of the code, in bytes, which this process receives. Default: 1 GiB.
    #[must_use]
    pub fn code(mut self, bytes: u64) -> Self {
        self.code = bytes;
        self
    }

    /// Compiles a component in a new process.
    pub(super) fn compile(
        &self,
        kind: CodeKind,
        settings: EngineSettings,
        engine: Digest,
        component: &[u8],
    ) -> Result<Vec<u8>, NotCompiled> {
        let order = CompileOrder::new(kind, settings, engine, self.memory, self.cpu);
        let threads = available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = threads.min(MOST_THREADS).to_string();
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .arg(order.to_string())
            .env("RAYON_NUM_THREADS", &threads)
            // Each arena reserves address space, which is limited.
            .env("MALLOC_ARENA_MAX", &threads);
        // The length comes first, since the input ends only when this process ends.
        let length = (component.len() as u64).to_le_bytes();
        match ask(command, &[&length, component], self.code, self.wall) {
            Ok(ended) if ended.status.success() => Ok(ended.stdout),
            Ok(ended) => Err(self.judged(&order, &ended)),
            Err(ProcessStopped::TooLong) => Err(NotCompiled::Limit(CompileLimit::Wall(self.wall))),
            Err(ProcessStopped::TooMuch) => Err(NotCompiled::Limit(CompileLimit::Code(self.code))),
            Err(ProcessStopped::Io(error)) => {
                if let Some(limit) = ProcessLimit::of_start(&error) {
                    return Err(NotCompiled::ProcessLimit(limit));
                }
                let program = printable(&self.program.display().to_string());
                Err(NotCompiled::Process(format!(
                    "the compiler {program} cannot be started: {error}; allow this host to start processes"
                )))
            }
        }
    }

    /// Converts the end of a process that failed.
    fn judged(&self, order: &CompileOrder, ended: &ProcessEnd) -> NotCompiled {
        // The process has inherited the limits of this process, which may be lower.
        let inherited = ProcessLimit::on_memory_below(self.memory).map(NotCompiled::ProcessLimit);
        let (status, said) = (ended.status, on_one_line(&ended.stderr));
        let memory = |inherited: Option<NotCompiled>| {
            inherited.unwrap_or(NotCompiled::Limit(CompileLimit::Memory(self.memory)))
        };
        let processor_time =
            || ProcessLimit::on_cpu_below(order.cpu).map(NotCompiled::ProcessLimit);
        if let Some(no) = status.code().and_then(CompileFailure::of_code) {
            return match no {
                CompileFailure::NotComposed => NotCompiled::NotComposed(said),
                CompileFailure::NotCompiled => NotCompiled::Refused(said),
                CompileFailure::FixedLimit => NotCompiled::FixedLimit(said),
                CompileFailure::Proposals => NotCompiled::Proposals(said),
                CompileFailure::Memory => memory(inherited),
                CompileFailure::Thread => NotCompiled::ProcessLimit(ProcessLimit::on_threads()),
                CompileFailure::Misunderstood => NotCompiled::Process(format!(
                    "the compiler does not match this host: {said}; use the program of the same build"
                )),
            };
        }
        match status.signal() {
            Some(SIGABRT) if was_refused_memory(&said) => memory(inherited),
            // If the inherited limit cannot be raised, the process gets no signal before it is
            // killed.
            Some(SIGXCPU | SIGKILL) if let Some(limit) = processor_time() => limit,
            Some(SIGXCPU) => NotCompiled::Limit(CompileLimit::Cpu(Duration::from_secs(order.cpu))),
            // A program whose code, stack or libraries do not fit into memory can end in many ways,
            // before it can print the reason.
            _ if inherited.is_some() => memory(inherited),
            // The compiler crashed while it compiled this component.
            Some(SIGABRT | SIGILL | SIGFPE | SIGSEGV) => {
                NotCompiled::Refused(format!("the compiler crashed: {status}: {said}"))
            }
            // This process did not send the signal.
            Some(SIGKILL) => NotCompiled::Process(format!(
                "the compiler was killed ({status}), for example by a system without memory; lower the memory limit of the compiler, or raise that of this host"
            )),
            _ => NotCompiled::Process(format!(
                "the compiler ended with {status}: {said}; name a program that calls `compile_worker`"
            )),
        }
    }
}

/// Whether the output contains the library's message for a refused allocation, or a refused thread.
fn was_refused_memory(said: &str) -> bool {
    ["memory allocation of", "Cannot allocate memory"]
        .iter()
        .any(|sign| said.contains(sign))
}

/// The whole output of a process, as one printable line.
fn on_one_line(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let characters: Vec<_> = line.chars().collect();
        // `printable` cuts names that are longer.
        let pieces = characters.chunks(100).map(String::from_iter);
        pieces.map(|piece| printable(&piece)).collect::<String>()
    });
    lines.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use rlimit::Resource;

    use super::*;

    fn judged(cpu: u64, status: i32) -> NotCompiled {
        let compiler = CompilerProcess::new("compiler").memory(1);
        let time = Duration::from_secs(cpu);
        let settings = EngineSettings::default();
        let order = CompileOrder::new(CodeKind::Plain, settings, Digest([3; 32]), 1, time);
        let ended = ProcessEnd {
            status: ExitStatus::from_raw(status),
            stdout: Vec::new(),
            stderr: String::new(),
        };
        compiler.judged(&order, &ended)
    }

    #[test]
    fn a_compiler_that_was_refused_a_thread_is_not_reported_as_out_of_memory() {
        let limit = match judged(1, (CompileFailure::Thread as i32) << 8) {
            NotCompiled::ProcessLimit(limit) => limit.to_string(),
            other => format!("{other:?}"),
        };
        let refused = "this process was refused another thread or process: ";
        assert!(limit.starts_with(refused), "{limit}");
    }

    /// If the limit cannot be raised, the system kills the process at once.
    #[test]
    fn a_compiler_that_was_killed_for_its_processor_time_is_reported_so() -> io::Result<()> {
        // More than any test takes.
        let (_, hard) = Resource::CPU.get()?;
        Resource::CPU.set(hard.min(1 << 20), hard)?;
        for signal in [SIGKILL, SIGXCPU] {
            let said = match judged(1 << 21, signal) {
                NotCompiled::ProcessLimit(limit) => limit.to_string(),
                other => format!("{other:?}"),
            };
            assert!(said.contains("RLIMIT_CPU"), "{said}");
        }
        let killed = judged(1, SIGKILL);
        assert!(matches!(killed, NotCompiled::Process(_)), "{killed:?}");
        Ok(())
    }
}
