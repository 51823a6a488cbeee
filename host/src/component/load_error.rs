use std::io;
use std::path::{Path, PathBuf};

use solti_metrics::RunnerErrorKind;

use super::{Interface, NetworkGrant, Role, UnknownInterface};
use crate::limits::CompileLimit;
use crate::process::ProcessLimit;
use crate::text::{printable, shown};

/// A component that cannot be used as what it was loaded for.
///
/// Every message begins with the component's name, and ends with what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error(
        "{}: cannot be read: {reason}; name the file of a component that may be read",
        shown(path)
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: io::Error,
    },
    /// A limit of this process has refused what is needed to load it.
    #[error("{name}: cannot be loaded: {limit}")]
    ProcessLimit {
        /// The component.
        name: String,
        /// The limit.
        limit: ProcessLimit,
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
    /// It is larger than a limit that cannot be raised.
    #[error(
        "{name}: {what}, which is a fixed limit; build the component with fewer and less nested types, instances and components"
    )]
    FixedLimit {
        /// The component.
        name: String,
        /// What there is too much of, and the limit.
        what: String,
    },
    /// Its components instantiate each other so often that it is not followed.
    #[error(
        "{name}: takes more than {steps} steps to instantiate, which is a fixed limit; instantiate fewer components in it"
    )]
    TooManyInstances {
        /// The component.
        name: String,
        /// How many there may be.
        steps: u32,
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
    /// It has an interface of the metrics package that this host's version does not have.
    #[error("{name}: {unknown}")]
    MetricsInterface {
        /// The component.
        name: String,
        /// Which interface, and those that there are.
        unknown: UnknownInterface,
    },
    /// It wants something that no one here can give.
    #[error(
        "{name}: imports what this host does not have: {}; build the guest without, or compose it with a component that exports it",
        named(imports)
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
    /// It was to be a backend, and is none.
    #[error(
        "{name}: does not export `solti:metrics/backend@{}`: it is no provider but {}; name a provider or a middleware",
        crate::WIT_VERSION, role.described()
    )]
    NotAProvider {
        /// The component.
        name: String,
        /// What it is instead.
        role: Role,
    },
    /// It was to be a backend, and does not export what one has to.
    #[error(
        "{name}: exports `{interface}`, but {what}; build it against the WIT files of this host (`solti-metrics wit` writes them)"
    )]
    WrongExport {
        /// The component.
        name: String,
        /// The interface as the component names it.
        interface: String,
        /// What is wrong with it.
        what: String,
    },
    /// It was to be a backend, and cannot run on the engine that those have.
    #[error(
        "{name}: needs component-model async, since {reason}, and backends run without; build it for WASI 0.2, and without asynchronous functions"
    )]
    NeedsAsync {
        /// The component.
        name: String,
        /// What in it does, in words.
        reason: String,
    },
    /// It needs component-model async, and the runner was told to take no such guests.
    #[error(
        "{name}: needs component-model async, since {needs}, which this runner was told to refuse; allow it, or build the guest for WASI 0.2"
    )]
    AsyncRefused {
        /// The component.
        name: String,
        /// What in it needs that, in words.
        needs: String,
    },
    /// It needs an engine with component-model async, and there is none to be had.
    #[error(
        "{name}: needs component-model async, since {needs}, and there is no engine for it: {reason}; give this process more memory, or build the guest for WASI 0.2"
    )]
    NoEngine {
        /// The component.
        name: String,
        /// What in it needs that, in words.
        needs: String,
        /// What wasmtime said.
        reason: String,
    },
    /// It imports what a backend may have only if it was granted.
    #[error(
        "{name}: imports `{import}`, which was not granted; grant it {grant}, or a network without any address if it imports that without need"
    )]
    NotGranted {
        /// The component.
        name: String,
        /// The import as the component names it.
        import: String,
        /// What would have to be granted.
        grant: NetworkGrant,
    },
    /// It needs proposals for WebAssembly that this host does not support.
    #[error(
        "{name}: needs what this host does not support of WebAssembly: {proposals}; build the component without"
    )]
    Proposals {
        /// The component.
        name: String,
        /// Their names.
        proposals: String,
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
    /// To compile it takes more than it may.
    #[error(
        "{name}: compiling it takes more than {limit}; {}", limit.advice()
    )]
    CompileLimit {
        /// The component.
        name: String,
        /// What was not enough.
        limit: CompileLimit,
    },
    /// The process that was to compile it did not answer.
    #[error("{name}: was not compiled: {reason}")]
    Compiler {
        /// The component.
        name: String,
        /// What became of the process, and what to change.
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
    /// Of a file that cannot be read.
    pub(crate) fn unread(path: &Path, reason: io::Error) -> Self {
        match ProcessLimit::of_io(&reason) {
            Some(limit) => Self::ProcessLimit {
                name: shown(path),
                limit,
            },
            None => Self::Read {
                path: path.into(),
                reason,
            },
        }
    }

    /// What to say of an interface of the metrics package that this host does not have.
    pub(crate) fn wrong_metrics(
        name: &str,
        interface: &Interface,
        unknown: Option<UnknownInterface>,
    ) -> Self {
        let name = printable(name);
        match unknown {
            Some(unknown) => Self::MetricsInterface { name, unknown },
            None => Self::MetricsVersion {
                name,
                import: printable(interface.name()),
            },
        }
    }

    /// The limit of this process that keeps the component from being loaded, if it is
    /// that.
    #[must_use]
    pub const fn process_limit(&self) -> Option<&ProcessLimit> {
        match self {
            Self::ProcessLimit { limit, .. } => Some(limit),
            _ => None,
        }
    }

    /// Under which label a runner records it.
    #[must_use]
    pub const fn kind(&self) -> RunnerErrorKind {
        RunnerErrorKind::ModuleLoadFailed
    }
}

/// So many imports are named.
const NAMED: usize = 20;

/// The first of them, and how many more there are.
fn named(imports: &[String]) -> String {
    let mut named = imports.iter().take(NAMED).cloned().collect::<Vec<_>>();
    if imports.len() > NAMED {
        named.push(format!("and {} more", imports.len() - NAMED));
    }
    named.join(", ")
}
