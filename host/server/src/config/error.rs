//! Errors in a configuration, each with its place in the file.

use std::fmt;

/// Why a configuration cannot be used, and where that stands.
#[derive(Debug)]
pub struct ConfigError {
    pub(super) file: String,
    /// Line and column, from 1.
    pub(super) at: Option<(usize, usize)>,
    pub(super) key: String,
    pub(super) what: String,
}

impl ConfigError {
    /// The file, as it is shown in messages.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line and the column, from 1; `None` if the error is about the file as a whole.
    pub const fn position(&self) -> Option<(usize, usize)> {
        self.at
    }

    /// The key, such as `tasks.hello.every`; empty if the error is about no key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, and what to change.
    pub fn reason(&self) -> &str {
        &self.what
    }
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

/// How many faults of one configuration are told. The others are counted.
pub(super) const MOST_TOLD: usize = 100;

/// The reasons why a configuration cannot be used, in the order of the file: the first 100,
/// and how many more there are.
#[derive(Debug)]
pub struct ConfigErrors {
    pub(super) told: Vec<ConfigError>,
    pub(super) more: usize,
}

impl ConfigErrors {
    /// The errors that are told.
    pub fn errors(&self) -> &[ConfigError] {
        &self.told
    }

    /// The faults, each a line, and how many more there are.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| {
            let (file, more) = (self.told.first().map_or("", |it| &it.file), self.more);
            format!("{file}: and {more} more faults; the first {MOST_TOLD} are told")
        });
        self.told.iter().map(ToString::to_string).chain(more)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}
