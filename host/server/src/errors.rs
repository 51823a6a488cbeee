use std::error::Error;
use std::fmt;

use solti_metrics_host::text::causes;

use crate::config::ConfigErrors;
use crate::told::first;

/// Why a configuration could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be used as it is.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
    /// Its file system did not answer in time.
    #[error("{0}")]
    TimedOut(String),
}

/// Why a server could not be put together or started.
#[derive(Debug)]
pub struct StartError(Vec<Box<dyn Error + Send + Sync>>);

impl StartError {
    pub(crate) fn of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(vec![error.into()])
    }

    pub(crate) fn all(errors: impl Iterator<Item = anyhow::Error>) -> Self {
        Self(errors.map(Into::into).collect())
    }

    /// The reasons, each with its causes: the first 100, and how many more there are.
    pub fn lines(&self) -> Vec<String> {
        first(self.0.iter().map(|error| causes(&**error)).collect())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl Error for StartError {}

/// What of a configuration could not be applied while a server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReloadError(Vec<String>);

impl ReloadError {
    pub(crate) fn unless_empty(errors: Vec<String>) -> Result<(), Self> {
        if errors.is_empty() {
            return Ok(());
        }
        Err(Self(errors))
    }

    /// The reasons, each with what becomes of the part that it is about: the first 100, and
    /// how many more there are.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl Error for ReloadError {}
