//! The tables `[server]`, `[runner]`, `[artifacts]` and `[log]`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::Text;
use crate::http::HostName;
use crate::time::Time;

/// Where this runner can be looked at.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// Where to listen; `[::]` is every address of this machine, of IPv4 and IPv6. Beyond
    /// this machine, set a token as well.
    pub(crate) listen: Text<SocketAddr>,
    /// Host names that clients may ask for, besides those of this machine: those of a
    /// proxy that passes the header `Host` on. They matter where `listen` is a loopback
    /// address and there is no token.
    #[serde(default)]
    pub(crate) hosts: Vec<Text<HostName>>,
    /// A file with the token that scrapers send, `Authorization: Bearer TOKEN`. Not
    /// everybody may be able to read it.
    #[schemars(example = &"token")]
    pub(crate) token_file: Option<PathBuf>,
}

/// What holds for all tasks together.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Runner {
    /// How many runs there may be at a time, of all tasks. Room is set aside for them.
    #[schemars(range(max = 16384))]
    pub(crate) concurrency: NonZeroUsize,
    /// How long runs that are asked to stop may take.
    pub(crate) grace: Text<Time>,
    /// How long backends may take, after that or when a reload removes them, for what they
    /// were sent.
    pub(crate) drain_timeout: Text<Time>,
    /// Bytes that a component's file may have.
    pub(crate) max_component: Text<ByteSize>,
    /// Stack that a run may use.
    pub(crate) stack: Text<ByteSize>,
    /// How guests' records travel.
    pub(crate) path: Way,
    /// Whether guests may need component-model async, which is experimental in wasmtime.
    #[serde(rename = "async")]
    pub(crate) asynchronous: bool,
    /// Whether what guests execute is counted. They are slower then.
    pub(crate) fuel: bool,
}

/// How guests' records travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// Compiled into the guest.
    #[default]
    Inline,
    /// As a call of a host function each.
    Direct,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::MIN.saturating_add(15),
            grace: Text(Time(std::time::Duration::from_secs(10))),
            drain_timeout: Text(Time(std::time::Duration::from_secs(5))),
            max_component: Text(ByteSize::mib(64)),
            stack: Text(ByteSize::kib(512)),
            path: Way::default(),
            asynchronous: true,
            fuel: false,
        }
    }
}

/// How components become machine code.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Artifacts {
    /// The folder where code is kept, which nobody else may use, or `false` for none.
    /// `true` is `$XDG_CACHE_HOME/solti-metrics/code`, else `~/.cache/solti-metrics/code`.
    pub(crate) cache: Cache,
    /// What kept code may take.
    pub(crate) size: Text<ByteSize>,
    /// What authenticates precompiled files: a file with 64 hexadecimal digits.
    #[schemars(example = &"key")]
    pub(crate) key: Option<PathBuf>,
    /// Memory that compiling a component may take.
    pub(crate) compile_memory: Text<ByteSize>,
    /// How long that may take, in time and in processor time.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) compile_timeout: Text<Time>,
}

/// Where code is kept.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Cache {
    /// Whether it is kept, in the usual folder.
    Kept(bool),
    /// In this folder.
    In(PathBuf),
}

impl Default for Artifacts {
    fn default() -> Self {
        Self {
            cache: Cache::Kept(true),
            size: Text(ByteSize::gib(1)),
            key: None,
            compile_memory: Text(ByteSize::gib(6)),
            compile_timeout: Text(Time(std::time::Duration::from_secs(120))),
        }
    }
}

/// What is logged, to standard error.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How an entry is written.
    pub format: LogFormat,
    /// From which level on. Overridden by the environment variable `RUST_LOG`.
    pub level: Level,
}

/// How an entry of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A line with a JSON object.
    Json,
}

/// The level of an entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What failed.
    Error,
    /// Runs that did not succeed, too.
    Warn,
    /// Every run, too.
    #[default]
    Info,
    /// What this runner does, too.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The name of the level, as `tracing` has it.
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
