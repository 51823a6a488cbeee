//! Errors of loading a component.

use std::io;
use std::path::{Path, PathBuf};

use solti_metrics::RunnerErrorKind;

use super::{Interface, NetworkGrant, Role, UnknownInterface};
use crate::limits::CompileLimit;
use crate::process::ProcessLimit;
use crate::text::{printable, shown};

/// A component that cannot be loaded for its use.
///
/// Every message starts with the component's name, and ends with the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error(
        "{}: cannot read the component: {reason}; name a readable file",
        shown(path)
    )]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Reason.
        reason: io::Error,
    },
    /// A limit of this process refused a resource that loading needs.
    #[error("{name}: cannot be loaded: {limit}")]
    ProcessLimit {
        /// Name of the component.
        name: String,
        /// The limit.
        limit: ProcessLimit,
    },
    /// The path is a directory.
    #[error("{}: is a directory; name the file of the component", shown(path))]
    Directory {
        /// Path of the directory.
        path: PathBuf,
    },
    /// The component exceeds the maximum size.
    #[error(
        "{name}: the component has {size} bytes, and the limit is {limit}; raise the limit on the size of components"
    )]
    TooLarge {
        /// Name of the component.
        name: String,
        /// Size in bytes.
        size: u64,
        /// Maximum size in bytes.
        limit: u64,
    },
    /// The file is empty.
    #[error("{name}: the file is empty; build the component again")]
    Empty {
        /// Name of the component.
        name: String,
    },
    /// The bytes are not WebAssembly.
    #[error("{name}: is not a WebAssembly component but {looks_like}; build a component from it")]
    NotWasm {
        /// Name of the component.
        name: String,
        /// Kind of data that the bytes look like.
        looks_like: &'static str,
    },
    /// The bytes are a core module.
    #[error(
        "{name}: is a core module, not a component; build for `wasm32-wasip2`, or convert it with `wasm-tools component new`"
    )]
    CoreModule {
        /// Name of the component.
        name: String,
    },
    /// The bytes start like a component, and are not a valid one.
    #[error("{name}: is not a valid component: {reason}; check that the file is complete")]
    Invalid {
        /// Name of the component.
        name: String,
        /// Cause, and its position.
        reason: String,
    },
    /// The component is larger than a limit that cannot be raised.
    #[error(
        "{name}: {what}, which is a fixed limit; build the component with fewer and less nested types, instances and components"
    )]
    FixedLimit {
        /// Name of the component.
        name: String,
        /// The property that is too large, and the limit.
        what: String,
    },
    /// The components instantiate each other more often than the host follows.
    #[error(
        "{name}: the component takes more than {steps} steps to instantiate, which is a fixed limit; instantiate fewer nested components"
    )]
    TooManyInstances {
        /// Name of the component.
        name: String,
        /// Maximum number of steps.
        steps: u32,
    },
    /// The component imports a version of the metrics package that this host does not have.
    #[error(
        "{name}: imports `{import}`, and this host has solti:metrics@{}; build the guest against the version of the host, or use another host",
        crate::WIT_VERSION
    )]
    MetricsVersion {
        /// Name of the component.
        name: String,
        /// Name of the import in the component.
        import: String,
    },
    /// The component has an interface of the metrics package that does not exist in this host's
    /// version.
    #[error("{name}: {unknown}")]
    MetricsInterface {
        /// Name of the component.
        name: String,
        /// The interface, and the interfaces that exist.
        unknown: UnknownInterface,
    },
    /// The component has imports that this host does not define.
    #[error(
        "{name}: unknown imports: {}; build the guest without them, or compose it with a component that exports them",
        named(imports)
    )]
    UnknownImports {
        /// Name of the component.
        name: String,
        /// Names of the imports in the component.
        imports: Vec<String>,
    },
    /// The component has no `main`.
    #[error("{name}: does not export `wasi:cli/run`; {}", role.hint())]
    NotRunnable {
        /// Name of the component.
        name: String,
        /// Role of the component.
        role: Role,
    },
    /// The component was to be a backend, and is not a provider.
    #[error(
        "{name}: is not a provider but {}: it does not export `solti:metrics/backend@{}`; name a provider or a middleware",
        role.described(), crate::WIT_VERSION
    )]
    NotAProvider {
        /// Name of the component.
        name: String,
        /// Role of the component.
        role: Role,
    },
    /// The component was to be a backend, and exports an interface with wrong types.
    #[error(
        "{name}: exports `{interface}`, but {what}; build it against the WIT files of this host"
    )]
    WrongExport {
        /// Name of the component.
        name: String,
        /// Name of the interface in the component.
        interface: String,
        /// Cause.
        what: String,
    },
    /// The component was to be a backend, and needs component-model async, which the engine of
    /// backends does not have.
    #[error(
        "{name}: needs component-model async, because {reason}, and backends cannot use it; build the component for WASI 0.2 without asynchronous functions"
    )]
    NeedsAsync {
        /// Name of the component.
        name: String,
        /// Reason why the component needs async, in words.
        reason: String,
    },
    /// The component needs component-model async, and the runner does not allow it.
    #[error(
        "{name}: needs component-model async, because {needs}, and this runner does not allow it; allow it, or build the guest for WASI 0.2"
    )]
    AsyncRefused {
        /// Name of the component.
        name: String,
        /// Reason why the component needs async, in words.
        needs: String,
    },
    /// The component needs an engine with component-model async, which cannot be made.
    #[error(
        "{name}: needs component-model async, because {needs}, and no engine for it can be made: {reason}; give this process more memory, or build the guest for WASI 0.2"
    )]
    NoEngine {
        /// Name of the component.
        name: String,
        /// Reason why the component needs async, in words.
        needs: String,
        /// Error of wasmtime.
        reason: String,
    },
    /// The component imports a network interface that is not granted.
    #[error(
        "{name}: imports `{import}`, which is not granted; grant {grant}, or a network without any address if the component does not need the import"
    )]
    NotGranted {
        /// Name of the component.
        name: String,
        /// Name of the import in the component.
        import: String,
        /// The missing grant.
        grant: NetworkGrant,
    },
    /// The component needs proposals for WebAssembly that this host does not support.
    #[error(
        "{name}: needs WebAssembly features that this host does not support: {proposals}; build the component without them"
    )]
    Proposals {
        /// Name of the component.
        name: String,
        /// Names of the proposals.
        proposals: String,
    },
    /// The compiler does not accept the component.
    #[error(
        "{name}: compilation failed: {reason}; build the component again, or report this if other tools accept it"
    )]
    Compile {
        /// Name of the component.
        name: String,
        /// Error of the compiler.
        reason: String,
    },
    /// Compilation exceeds a limit.
    #[error(
        "{name}: compilation exceeds {limit}; {}", limit.advice()
    )]
    CompileLimit {
        /// Name of the component.
        name: String,
        /// The limit.
        limit: CompileLimit,
    },
    /// The compiler process did not answer.
    #[error("{name}: cannot compile the component: {reason}")]
    Compiler {
        /// Name of the component.
        name: String,
        /// End of the process, and the fix.
        reason: String,
    },
    /// An import has the right name and the wrong type.
    #[error(
        "{name}: does not match this host: {reason}; build it against the WIT files of this host"
    )]
    Link {
        /// Name of the component.
        name: String,
        /// Cause.
        reason: String,
    },
}

impl LoadError {
    /// Error of a file that cannot be read.
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

    /// Error of an interface of the metrics package that this host does not have.
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

    /// Limit of this process that prevents loading, if one does.
    #[must_use]
    pub const fn process_limit(&self) -> Option<&ProcessLimit> {
        match self {
            Self::ProcessLimit { limit, .. } => Some(limit),
            _ => None,
        }
    }

    /// Label under which a runner records the error.
    #[must_use]
    pub const fn kind(&self) -> RunnerErrorKind {
        RunnerErrorKind::ModuleLoadFailed
    }
}

/// Maximum number of imports in a message.
const NAMED: usize = 20;

/// The first imports, and the number of the others.
fn named(imports: &[String]) -> String {
    let mut named = imports.iter().take(NAMED).cloned().collect::<Vec<_>>();
    if imports.len() > NAMED {
        named.push(format!("and {} more", imports.len() - NAMED));
    }
    named.join(", ")
}
