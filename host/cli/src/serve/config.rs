//! The configuration: a TOML file, of which nothing is overlooked.

mod backend;
mod check;
mod machine;
mod place;
mod task;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use solti_metrics_host::runner::printable;

pub(crate) use backend::{Backend, Dialect, Middleware, Otlp, Protocol, Statsd};
pub(crate) use machine::{Artifacts, Cache, Log, LogFormat, Runner, Server, Way};
pub(crate) use task::{Output, Schedule, Task};
pub(crate) use values::{Name, Text};

/// Bytes that the file may have.
const LONGEST: u64 = 1 << 20;

/// What `solti-metrics serve` runs, and how.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
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

/// A configuration, and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    /// What other files are named from.
    pub(crate) folder: PathBuf,
    pub(crate) config: Config,
}

/// Why a configuration cannot be used, and where that stands.
#[derive(Debug)]
pub(crate) struct ConfigError {
    file: String,
    /// Line and column, from 1.
    at: Option<(usize, usize)>,
    key: String,
    what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ConfigError {}

impl Source {
    /// Reads the file, and looks at all that can be said of it without running
    /// anything. Other files that it names are not looked at.
    pub(crate) fn read(file: &Path) -> Result<Self, ConfigError> {
        let shown = printable(&file.display().to_string());
        let unreadable = |what: String| ConfigError {
            file: shown.clone(),
            at: None,
            key: String::new(),
            what,
        };
        let text = std::fs::metadata(file)
            .and_then(|found| {
                if found.len() > LONGEST {
                    return Err(std::io::Error::other("it has more than 1 MiB"));
                }
                std::fs::read_to_string(file)
            })
            .map_err(|error| unreadable(format!("cannot read the configuration: {error}")))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Ok(Self {
            file: file.into(),
            folder: folder.into(),
            config: Config::parse(&shown, &text)?,
        })
    }

    /// A file that the configuration names.
    pub(crate) fn path(&self, named: &Path) -> PathBuf {
        self.folder.join(named)
    }
}

impl Config {
    fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let error = |byte: Option<usize>, key: String, what: String| ConfigError {
            file: file.into(),
            at: byte.map(|byte| place::line_and_column(text, byte)),
            key,
            what,
        };
        let config: Self = toml::from_str(text).map_err(|wrong| {
            let byte = wrong.span().map(|span| span.start);
            let key = byte.map(|byte| place::key_at(text, byte));
            let what = printable(wrong.message());
            error(byte, key.unwrap_or_default(), what)
        })?;
        config.check().map_err(|wrong| {
            let keys: Vec<_> = wrong.keys.iter().map(String::as_str).collect();
            error(
                Some(place::of_key(text, &keys)),
                wrong.keys.join("."),
                wrong.what,
            )
        })?;
        Ok(config)
    }
}
