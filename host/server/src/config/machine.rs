//! The tables `[server]`, `[runner]`, `[compilation]` and `[log]`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::TextValue;
use crate::http::HostName;
use crate::time::Time;

/// HTTP server for metrics, the status page and probes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// IP address and port of the HTTP server. `[::]` is every IPv4 and IPv6 address of
    /// this machine. If other machines can reach the address, set `token_file` as well.
    pub(crate) listen: TextValue<SocketAddr>,
    /// Host names that requests may have in addition to the names of this machine, such
    /// as the name of a proxy that forwards the `Host` header. Checked only if `listen`
    /// is a loopback address and no token is set.
    #[serde(default)]
    pub(crate) hosts: Vec<TextValue<HostName>>,
    /// File with the bearer token that scrapers send (`Authorization: Bearer TOKEN`). The
    /// file must not be readable by all users, unless it is mounted read-only.
    #[schemars(example = &"token")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Settings that apply to all tasks together.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RunnerConfig {
    /// Maximum number of concurrent runs of all tasks together. The runner reserves a
    /// slot for each.
    #[schemars(range(max = 16384))]
    pub(crate) concurrency: NonZeroUsize,
    /// Maximum time for runs to stop after they are canceled.
    pub(crate) shutdown_timeout: TextValue<Time>,
    /// Maximum time for backends to take the records in their queues, at a stop or after
    /// a reload removes or replaces them.
    pub(crate) drain_timeout: TextValue<Time>,
    /// Maximum size of a component file.
    pub(crate) max_component: TextValue<ByteSize>,
    /// Maximum stack of a run.
    pub(crate) stack: TextValue<ByteSize>,
    /// How records of guests reach the host. The backends receive the same records in
    /// both modes.
    pub(crate) recording_mode: RecordingModeConfig,
    /// Whether guests may use component-model async, which is experimental in wasmtime.
    #[serde(rename = "async")]
    pub(crate) asynchronous: bool,
    /// Whether the instructions of guests are counted as fuel. Guests run slower with
    /// fuel.
    pub(crate) fuel: bool,
}

/// Recording mode of guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RecordingModeConfig {
    /// The recording code is compiled into the guest. A guest for which that fails uses
    /// `direct`.
    #[default]
    Inline,
    /// Each record is a call of a host function.
    Direct,
}

impl Default for RunnerConfig {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::MIN.saturating_add(15),
            shutdown_timeout: TextValue(Time(std::time::Duration::from_secs(10))),
            drain_timeout: TextValue(Time(std::time::Duration::from_secs(5))),
            max_component: TextValue(ByteSize::mib(64)),
            stack: TextValue(ByteSize::kib(512)),
            recording_mode: RecordingModeConfig::default(),
            asynchronous: true,
            fuel: false,
        }
    }
}

/// Compilation of components, and the compilation cache.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CompilationConfig {
    /// Folder of the compilation cache, which only the user of the runner may access.
    /// `true` is `$XDG_CACHE_HOME/solti-metrics/code`, else
    /// `~/.cache/solti-metrics/code`; `false` disables the cache.
    pub(crate) cache: CacheConfig,
    /// Maximum size of the compilation cache. Entries that were unused for the longest
    /// time are removed first.
    pub(crate) cache_size: TextValue<ByteSize>,
    /// File with the key that authenticates precompiled files: 64 hexadecimal digits.
    /// Default: the key in the folder of the compilation cache.
    #[schemars(example = &"key")]
    pub(crate) artifact_key: Option<PathBuf>,
    /// Maximum memory of the process that compiles a component, as address space: up to twice the
    /// memory in use.
    pub(crate) compile_memory: TextValue<ByteSize>,
    /// Maximum time to compile a component, for elapsed time and processor time each.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) compile_timeout: TextValue<Time>,
}

/// Compilation cache: a folder, `true` for the default folder, or `false` for no cache.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum CacheConfig {
    /// Whether to use the default folder of the compilation cache.
    Default(bool),
    /// Folder of the compilation cache.
    Folder(PathBuf),
}

impl Default for CompilationConfig {
    fn default() -> Self {
        Self {
            cache: CacheConfig::Default(true),
            cache_size: TextValue(ByteSize::gib(1)),
            artifact_key: None,
            compile_memory: TextValue(ByteSize::gib(1)),
            compile_timeout: TextValue(Time(std::time::Duration::from_secs(120))),
        }
    }
}

/// Log on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Format of log entries.
    pub format: LogFormat,
    /// Lowest level of entries that are logged. The environment variable `RUST_LOG`
    /// overrides it.
    pub level: Level,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line for each entry.
    #[default]
    Text,
    /// One JSON object on a line for each entry.
    Json,
}

/// Level of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Failures of the runner.
    Error,
    /// Also runs that did not succeed, and other warnings.
    Warn,
    /// Also all other runs.
    #[default]
    Info,
    /// Also details of what the runner does.
    Debug,
    /// All entries.
    Trace,
}

impl Level {
    /// Name of the level in `tracing`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
