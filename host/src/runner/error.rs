use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use solti_metrics::RunnerErrorKind;

use super::limiter::Limiter;
use super::{GuestTrap, Limit, Role, TaskEnd, printable};

/// A runner that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// wasmtime does not take this configuration on this machine.
    #[error("cannot set wasmtime up: {reason}; try a smaller stack")]
    Engine {
        /// What wasmtime said.
        reason: String,
    },
    /// The thread that interrupts guests cannot be started.
    #[error(
        "cannot start the thread that interrupts guests: {source}; allow this process more threads"
    )]
    Thread {
        /// Why not.
        source: io::Error,
    },
}

impl From<wasmtime::Error> for BuildError {
    fn from(error: wasmtime::Error) -> Self {
        let reason = super::program::one_line(&error);
        Self::Engine { reason }
    }
}

/// A component that cannot become a [`Program`](super::Program).
///
/// Every message begins with the component's name, and ends with what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error(
        "{}: cannot be read: {source}; name the file of a component that may be read",
        shown(path)
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The path leads to a directory.
    #[error("{}: is a directory; name the component's file in it", shown(path))]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// There are more bytes than the runner takes.
    #[error(
        "{name}: has {size} bytes, and the limit is {limit}; raise the limit on the size of components"
    )]
    TooLarge {
        /// The component.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The most that the runner takes, in bytes.
        limit: u64,
    },
    /// There is not a single byte.
    #[error("{name}: is empty; was the build that writes it interrupted?")]
    Empty {
        /// The component.
        name: String,
    },
    /// The bytes are not WebAssembly.
    #[error("{name}: is not WebAssembly but {looks_like}; build it into a component first")]
    NotWasm {
        /// The component.
        name: String,
        /// What the bytes look like.
        looks_like: &'static str,
    },
    /// The bytes are a core module.
    #[error(
        "{name}: is a core module, not a component; build for `wasm32-wasip2`, or make a component of it with `wasm-tools component new`"
    )]
    CoreModule {
        /// The component.
        name: String,
    },
    /// The bytes begin like a component, and are none.
    #[error("{name}: is no valid component: {reason}; is the file whole?")]
    Invalid {
        /// The component.
        name: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// It wants a version of the metrics package that this host does not have.
    #[error(
        "{name}: wants `{import}`, and this host has solti:metrics@{}; build the guest against that version, or use a host that has the other",
        crate::WIT_VERSION
    )]
    MetricsVersion {
        /// The component.
        name: String,
        /// The import as the component names it.
        import: String,
    },
    /// It wants something that no one here can give.
    #[error(
        "{name}: imports what this host does not have: {}; build the guest without, or compose it with a component that exports it", .imports.join(", ")
    )]
    UnknownImports {
        /// The component.
        name: String,
        /// The imports as the component names them.
        imports: Vec<String>,
    },
    /// It has no `main`.
    #[error("{name}: does not export `wasi:cli/run`; {}", role.hint())]
    NotRunnable {
        /// The component.
        name: String,
        /// What it is instead.
        role: Role,
    },
    /// The compiler does not accept it.
    #[error(
        "{name}: does not compile: {reason}; rebuild the component, or report this if it validates elsewhere"
    )]
    Compile {
        /// The component.
        name: String,
        /// What the compiler said.
        reason: String,
    },
    /// An import has the right name and the wrong type.
    #[error(
        "{name}: does not fit this host: {reason}; build it against the WIT files of this host"
    )]
    Link {
        /// The component.
        name: String,
        /// What does not fit.
        reason: String,
    },
}

impl LoadError {
    /// Under which label a runner records it.
    #[must_use]
    pub const fn kind(&self) -> RunnerErrorKind {
        RunnerErrorKind::ModuleLoadFailed
    }
}

/// A task that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// A directory cannot be granted.
    #[error(
        "cannot grant the directory {}: {source}; name a directory that exists and may be read",
        shown(path)
    )]
    Dir {
        /// The directory on the host.
        path: PathBuf,
        /// Why not.
        source: wasmtime::Error,
    },
    /// The file for standard input cannot be opened.
    #[error(
        "cannot open {} as standard input: {source}; name a file that exists and may be read",
        shown(path)
    )]
    Stdin {
        /// The file on the host.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An argument or a variable cannot be passed on.
    #[error("cannot pass on {text:?}: it contains a NUL byte; leave that out")]
    NulInText {
        /// The argument, the variable's name or its value.
        text: String,
    },
    /// The component asks for more than the limits allow before it even starts.
    #[error(
        "cannot instantiate: the component needs more than the limit on {limit} allows: {reason}; raise that limit"
    )]
    Limit {
        /// Which limit.
        limit: Limit,
        /// What was refused.
        reason: String,
    },
    /// The program was loaded by a runner with another engine.
    #[error(
        "cannot instantiate: the program was loaded by another runner; load it with this one, or with a clone of it"
    )]
    OtherRunner,
    /// The component left through `exit` while it was instantiated.
    #[error(
        "cannot instantiate: the component exits with code {code} before its `main` is called; let `main` do that"
    )]
    Exited {
        /// The exit code.
        code: i32,
    },
    /// The component failed while it was instantiated.
    #[error("cannot instantiate: {trap}; the fault is the component's")]
    Instantiate {
        /// Why.
        trap: GuestTrap,
    },
    /// Instantiation took all of the task's time.
    #[error("cannot instantiate within the deadline of {deadline:?}; allow more time")]
    Deadline {
        /// How much time there was.
        deadline: Duration,
    },
    /// The task was canceled before its `main` was called.
    #[error("canceled before it began")]
    Canceled,
}

impl SpawnError {
    pub(super) fn of_instantiation(error: &wasmtime::Error, limiter: &Limiter) -> Self {
        match TaskEnd::of_error(error, limiter.denied()) {
            TaskEnd::Exited { code } => Self::Exited { code },
            TaskEnd::LimitHit { limit, trap } => Self::Limit {
                limit,
                reason: trap.message,
            },
            _ => Self::Instantiate {
                trap: GuestTrap::of_error(error),
            },
        }
    }

    /// Under which label a runner records it. A task that was canceled before
    /// it began is no failure of the runner, and is not recorded.
    #[must_use]
    pub const fn kind(&self) -> Option<RunnerErrorKind> {
        match self {
            Self::Dir { .. } | Self::Stdin { .. } | Self::NulInText { .. } => {
                Some(RunnerErrorKind::BackendConfigFailed)
            }
            Self::Limit { .. }
            | Self::OtherRunner
            | Self::Exited { .. }
            | Self::Instantiate { .. }
            | Self::Deadline { .. } => Some(RunnerErrorKind::SpawnFailed),
            Self::Canceled => None,
        }
    }
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
