//! The configuration: a TOML file in which every unknown key is an error.

mod backend;
mod check;
mod error;
mod expected;
mod file;
mod limit_keys;
mod machine;
mod positions;
mod schema;
mod shape;
mod source;
mod task;
mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use backend::{
    BackendConfig, Dialect, MiddlewareConfig, OtlpConfig, Protocol, StatsdConfig,
};
pub use error::{ConfigError, ConfigErrors};
pub(crate) use machine::{
    CacheConfig, CompilationConfig, RecordingModeConfig, RunnerConfig, ServerConfig,
};
pub use machine::{Level, Log, LogFormat};
pub use schema::schema;
pub use source::Configuration;
pub(crate) use task::{OutputConfig, ScheduleConfig, TaskConfig};
pub(crate) use values::{ConfigName, TextValue};

/// Configuration of `solti-metrics serve`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct Config {
    /// HTTP server for metrics, the status page and probes. Default: no server.
    pub(crate) server: Option<ServerConfig>,
    /// Runner settings.
    pub(crate) runner: RunnerConfig,
    /// Compilation settings.
    pub(crate) compilation: CompilationConfig,
    /// Log settings.
    pub(crate) log: Log,
    /// Tasks, by name.
    pub(crate) tasks: BTreeMap<ConfigName, TaskConfig>,
    /// Middlewares, in the order in which records pass them before they reach `/metrics`
    /// and the backends.
    pub(crate) middlewares: Vec<MiddlewareConfig>,
    /// Backends that receive records in addition to `/metrics`, by name.
    pub(crate) backends: BTreeMap<ConfigName, BackendConfig>,
}
