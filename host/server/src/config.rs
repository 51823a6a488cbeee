//! The configuration: a TOML file, of which nothing is overlooked.

mod backend;
mod check;
mod error;
mod expected;
mod file;
mod limit_keys;
mod machine;
mod place;
mod schema;
mod shape;
mod source;
mod task;
mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use backend::{Backend, Dialect, Middleware, Otlp, Protocol, Statsd};
pub use error::{ConfigError, ConfigErrors};
pub(crate) use machine::{Artifacts, Cache, Runner, Server, Way};
pub use machine::{Level, Log, LogFormat};
pub use schema::schema;
pub use source::Configuration;
pub(crate) use task::{Output, Schedule, Task};
pub(crate) use values::{Name, Text};

/// What `solti-metrics serve` runs, and how.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("minProperties" = 1))]
pub(crate) struct Config {
    /// Where this runner can be looked at. Default: nowhere.
    pub(crate) server: Option<Server>,
    /// What holds for all tasks together.
    pub(crate) runner: Runner,
    /// How components become machine code.
    pub(crate) artifacts: Artifacts,
    /// What is logged.
    pub(crate) log: Log,
    /// The tasks, each under its name.
    pub(crate) tasks: BTreeMap<Name, Task>,
    /// Components that records pass, in this order, on their way to what is scraped and
    /// to the backends.
    pub(crate) middlewares: Vec<Middleware>,
    /// Who receives the records, beside what is scraped, each under its name.
    pub(crate) backends: BTreeMap<Name, Backend>,
}
